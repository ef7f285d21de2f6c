// @iommukit/testkit/arbitraries: generators biased to where drivers break.

export {
  COMMON_ERRNOS,
  dmaAccess,
  ODD_ANSWERS,
  type PageSegment,
  pageSegments,
  refusal,
} from "./choices.ts";
export { EDGE_ADDRESSES, edgeAddress, edgePage, NOT_ADDRESSES } from "./edges.ts";
export {
  type ChainLink,
  type HostileAnswer,
  hostileAnswer,
  hostileChain,
  hostileWords,
  writeAnswer,
} from "./hostile.ts";
export {
  ALL_PAGES,
  type PageRange,
  pageRange,
  RELATIONS,
  type Relation,
  relatedRanges,
  relatedTo,
} from "./ranges.ts";
export { hostileNames, hostileText } from "./texts.ts";
