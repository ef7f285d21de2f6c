// @iommukit/testkit/drivers: drivers of the test devices, real or simulated.

export { EDU_BUFFER_BYTES, EDU_PIECE_BYTES, type EduDriver, openEdu } from "./edu-driver.ts";
