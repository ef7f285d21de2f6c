/*
 * The PAMU's part of the VFIO interface, which only vendor kernels have (QorIQ SDK 1.4 to 2.0).
 *
 * No header of a distribution has these names, so they are stated here, twice: as declarations, whose
 * offsets each compiler works out for its ABI, and as the offsets that the vendor's documents give.
 * Where the two disagree this does not compile. The structs of MAP_DMA and UNMAP_DMA are Type1's and
 * come from the header.
 */
#include <linux/ioctl.h>
#include <linux/types.h>
#include <linux/version.h>
#include <linux/vfio.h>

#include "emit.h"

/* Numbers that mainline gave to sPAPR and to dirty tracking. */
#define VFIO_IOMMU_PAMU_GET_ATTR _IO(VFIO_TYPE, VFIO_BASE + 15)
#define VFIO_IOMMU_PAMU_SET_ATTR _IO(VFIO_TYPE, VFIO_BASE + 16)
#define VFIO_IOMMU_PAMU_GET_MSI_BANK_COUNT _IO(VFIO_TYPE, VFIO_BASE + 17)
#define VFIO_IOMMU_PAMU_MAP_MSI_BANK _IO(VFIO_TYPE, VFIO_BASE + 18)
#define VFIO_IOMMU_PAMU_UNMAP_MSI_BANK _IO(VFIO_TYPE, VFIO_BASE + 19)

/* Values of vfio_pamu_attr.attribute, each with its member of the union. */
enum {
	VFIO_ATTR_GEOMETRY,
	VFIO_ATTR_WINDOWS,
	VFIO_ATTR_PAMU_STASH,
};

struct vfio_pamu_attr {
	__u32 argsz;
	__u32 flags;
	__u32 attribute;
	union {
		struct {
			__u64 aperture_start;
			__u64 aperture_end; /* the last address */
		};
		__u32 windows;
		struct {
			__u32 cpu;
			__u32 cache;
		};
	};
};

struct vfio_pamu_msi_bank_map {
	__u32 argsz;
	__u32 flags;
	__u32 msi_bank_index;
	__u64 iova;
};

struct vfio_pamu_msi_bank_unmap {
	__u32 argsz;
	__u32 flags;
	__u64 iova;
};

#define STATED(s, f, at) \
	_Static_assert(__builtin_offsetof(struct s, f) == (at), #s "." #f " is elsewhere")
#define STATED_SIZE(s, bytes) _Static_assert(sizeof(struct s) == (bytes), #s " has another size")
#define STATED_NUMBER(name, number) _Static_assert((name) == (number), #name " is another")

STATED_SIZE(vfio_pamu_attr, 32);
STATED(vfio_pamu_attr, attribute, 8);
STATED(vfio_pamu_attr, aperture_start, 16);
STATED(vfio_pamu_attr, aperture_end, 24);
STATED(vfio_pamu_attr, windows, 16);
STATED(vfio_pamu_attr, cpu, 16);
STATED(vfio_pamu_attr, cache, 20);
STATED_SIZE(vfio_pamu_msi_bank_map, 24);
STATED(vfio_pamu_msi_bank_map, msi_bank_index, 8);
STATED(vfio_pamu_msi_bank_map, iova, 16);
STATED_SIZE(vfio_pamu_msi_bank_unmap, 16);
STATED(vfio_pamu_msi_bank_unmap, iova, 8);
STATED_SIZE(vfio_iommu_type1_dma_map, 32);
STATED(vfio_iommu_type1_dma_map, iova, 16);
STATED_SIZE(vfio_iommu_type1_dma_unmap, 24);
STATED(vfio_iommu_type1_dma_unmap, iova, 8);

/* PowerPC writes "no direction" as 1 in bits 31 to 29. */
STATED_NUMBER(VFIO_IOMMU_MAP_DMA, 0x20003b71);
STATED_NUMBER(VFIO_IOMMU_UNMAP_DMA, 0x20003b72);
STATED_NUMBER(VFIO_IOMMU_PAMU_GET_ATTR, 0x20003b73);
STATED_NUMBER(VFIO_IOMMU_PAMU_SET_ATTR, 0x20003b74);
STATED_NUMBER(VFIO_IOMMU_PAMU_GET_MSI_BANK_COUNT, 0x20003b75);
STATED_NUMBER(VFIO_IOMMU_PAMU_MAP_MSI_BANK, 0x20003b76);
STATED_NUMBER(VFIO_IOMMU_PAMU_UNMAP_MSI_BANK, 0x20003b77);

void vectors_pamu(void)
{
	EMIT("abi wordBits", sizeof(void *) * 8);
	EMIT("abi bigEndian", __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__);
	EMIT("abi linuxVersion", LINUX_VERSION_CODE);
	IOCTL(VFIO_IOMMU_MAP_DMA);
	IOCTL(VFIO_IOMMU_UNMAP_DMA);
	IOCTL(VFIO_IOMMU_PAMU_GET_ATTR);
	IOCTL(VFIO_IOMMU_PAMU_SET_ATTR);
	IOCTL(VFIO_IOMMU_PAMU_GET_MSI_BANK_COUNT);
	IOCTL(VFIO_IOMMU_PAMU_MAP_MSI_BANK);
	IOCTL(VFIO_IOMMU_PAMU_UNMAP_MSI_BANK);
	CONSTANT(VFIO_ATTR_GEOMETRY);
	CONSTANT(VFIO_ATTR_WINDOWS);
	CONSTANT(VFIO_ATTR_PAMU_STASH);
	CONSTANT(VFIO_DMA_MAP_FLAG_READ);
	CONSTANT(VFIO_DMA_MAP_FLAG_WRITE);
	STRUCT(vfio_pamu_attr, argsz, flags, attribute, aperture_start, aperture_end, windows, cpu,
	       cache);
	STRUCT(vfio_pamu_msi_bank_map, argsz, flags, msi_bank_index, iova);
	STRUCT(vfio_pamu_msi_bank_unmap, argsz, flags, iova);
	STRUCT(vfio_iommu_type1_dma_map, argsz, flags, vaddr, iova, size);
	STRUCT(vfio_iommu_type1_dma_unmap, argsz, flags, iova, size);
}
