/*
 * The loops that the benchmarks compare the library with, in C, in the same process.
 *
 * Compiled by `iommukit bench` with gcc -O2. Every function runs n operations and answers the
 * nanoseconds that they took, or a negative number when an operation failed. Each does the work a
 * careful C program would do: arguments filled anew each time, results checked, nothing else.
 */
#include <stdint.h>
#include <string.h>
#include <sys/ioctl.h>
#include <time.h>
#include <linux/vfio.h>

static double now(void)
{
	struct timespec t;
	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * 1e9 + t.tv_nsec;
}

/* Maps and unmaps one range: linux/vfio.h, VFIO_IOMMU_MAP_DMA and VFIO_IOMMU_UNMAP_DMA. */
double map_unmap(int fd, uint64_t vaddr, uint64_t iova, uint64_t size, int n)
{
	double start = now();
	for (int i = 0; i < n; i++) {
		struct vfio_iommu_type1_dma_map map = {
			.argsz = sizeof(map),
			.flags = VFIO_DMA_MAP_FLAG_READ | VFIO_DMA_MAP_FLAG_WRITE,
			.vaddr = vaddr,
			.iova = iova,
			.size = size,
		};
		struct vfio_iommu_type1_dma_unmap unmap = {
			.argsz = sizeof(unmap),
			.iova = iova,
			.size = size,
		};
		if (ioctl(fd, VFIO_IOMMU_MAP_DMA, &map) != 0)
			return -1;
		if (ioctl(fd, VFIO_IOMMU_UNMAP_DMA, &unmap) != 0 || unmap.size != size)
			return -1;
	}
	return now() - start;
}

/* Fills struct vfio_iommu_type1_dma_map; `into` is volatile so that no store is left out. */
double fill_map(void *into, uint64_t vaddr, uint64_t iova, uint64_t size, int n)
{
	volatile struct vfio_iommu_type1_dma_map *map = into;
	double start = now();
	for (int i = 0; i < n; i++) {
		map->flags = VFIO_DMA_MAP_FLAG_READ | VFIO_DMA_MAP_FLAG_WRITE;
		map->vaddr = vaddr;
		map->iova = iova;
		map->size = size;
	}
	return now() - start;
}

/*
 * The second-stage walk of VT-d (3.7, 9.8) with all that the simulated hardware checks: presence,
 * page size, reserved bits, permissions of every level. `words` holds the tables, of which the
 * first lies at `first_table`; answers through `sum` the sum of the frames found.
 */
static int64_t walk(const uint64_t *tables, uint64_t top, int levels, uint64_t first_table,
		    uint64_t frame, uint64_t needed)
{
	uint64_t table = top, permissions = 3;
	for (int level = levels;; level--) {
		uint64_t entry = tables[(table - first_table) * 512 +
					(frame >> (9 * (level - 1)) & 511)];
		if ((entry & 3) == 0)
			return -6;
		int leaf = level == 1 || ((entry & 0x80) != 0 && level <= 3);
		uint64_t below = leaf ? ((uint64_t)1 << 9 * (level - 1)) - 1 : 0;
		if ((entry & (below << 12 | (uint64_t)0xfff8 << 36)) != 0)
			return -12;
		permissions &= entry;
		if ((permissions & needed) == 0)
			return -5;
		table = entry >> 12 & 0xffffffffffull;
		if (leaf)
			return table + (frame & below);
	}
}

double walk_tables(const void *words, double top, int levels, double first_table,
		   const uint32_t *frames, int count, int n, double *sum)
{
	uint64_t total = 0;
	double start = now();
	for (int i = 0, at = 0; i < n; i++) {
		int64_t found = walk(words, top, levels, first_table, frames[at], 2);
		if (found < 0)
			return -1;
		total += found;
		if (++at == count)
			at = 0;
	}
	double took = now() - start;
	*sum = total;
	return took;
}

/* Work that only tells how fast this machine is now: dependent shifts, and loads that hit L1. */
double yardstick(int n)
{
	static uint32_t table[4096];
	uint64_t x = 88172645463325252ull;
	double start = now();
	for (int i = 0; i < n; i++) {
		for (int step = 0; step < 16; step++) {
			x ^= x << 13;
			x ^= x >> 7;
			x ^= x << 17;
			table[x & 4095] += x;
		}
	}
	return now() - start;
}
