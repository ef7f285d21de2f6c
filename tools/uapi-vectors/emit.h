/*
 * Prints numbers through the assembler, so that a cross compiler needs no emulator.
 *
 * Each macro leaves lines in the output of `gcc -S`; build.mjs reads those lines. A value goes
 * through the compiler as a constant operand (%c0), so it is the compiler's answer, not a parser's.
 */
#ifndef IOMMUKIT_EMIT_H
#define IOMMUKIT_EMIT_H

#define EMIT(record, value) \
	__asm__ volatile("\n.ascii \"@vector " record " %c0\"" : : "i"((long long)(value)))

#define IOCTL(name) EMIT("ioctl " #name, (unsigned int)(name))
#define CONSTANT(name) EMIT("constant " #name, name)
#define STRING(name) __asm__ volatile("\n.ascii \"@vector string " #name " " name "\"" : :)

#define FIELD(s, f)                                                 \
	EMIT("offset " #s " " #f, __builtin_offsetof(struct s, f)); \
	EMIT("size " #s " " #f, sizeof(((struct s *)0)->f))
/* A flexible array has an offset and no size. */
#define TAIL(s, f)                                                  \
	EMIT("offset " #s " " #f, __builtin_offsetof(struct s, f)); \
	EMIT("size " #s " " #f, 0)

/* STRUCT(s, a, b, …) prints the struct's size and FIELD(s, a); FIELD(s, b); … */
#define STRUCT(s, ...)                                              \
	EMIT("struct " #s, sizeof(struct s));                       \
	RESCAN(EACH_FIELD(s, __VA_ARGS__))

/* A macro does not expand inside itself; each rescan of the text takes it one field further. */
#define EACH_FIELD(s, f, ...) \
	FIELD(s, f);          \
	__VA_OPT__(EACH_FIELD_LATER PARENTHESES(s, __VA_ARGS__))
#define EACH_FIELD_LATER() EACH_FIELD
#define PARENTHESES ()
#define RESCAN(...) RESCAN_4(RESCAN_4(RESCAN_4(RESCAN_4(__VA_ARGS__))))
#define RESCAN_4(...) RESCAN_1(RESCAN_1(RESCAN_1(RESCAN_1(__VA_ARGS__))))
#define RESCAN_1(...) __VA_ARGS__

#endif
