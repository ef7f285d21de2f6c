// The smallest aligned power-of-two block of frames that covers a range: what one page-selective
// invalidation of either IOMMU can name. It may cover more than the range, never less.

/** log2 of the block's frames; the block begins at `first` rounded down to its size. */
export function coveringPower(first: number, frames: number): number {
  if (frames === 1) return 0;
  let power = Math.ceil(Math.log2(frames));
  while (first - (first % 2 ** power) + 2 ** power < first + frames) power++;
  return power;
}
