// Turns the records that a compiler printed into the contents of one vectors file.

/**
 * @param {string} arch @param {string} compiler
 * @param {string[][]} records words of each record, see emit.h
 */
export function vectorsOf(arch, compiler, records) {
  const facts = new Map();
  const ioctls = {};
  const structs = {};
  const constants = {};
  const errno = {};
  const add = {
    abi: (name, value) => facts.set(name, Number(value)),
    ioctl: (name, value) => once(ioctls, name, Number(value)),
    constant: (name, value) => once(constants, name, Number(value)),
    string: (name, value) => once(constants, name, value),
    errno: (name, value) => once(errno, name, Number(value)),
    struct: (name, size) => once(structs, name, { size: Number(size), fields: {} }),
    offset: (struct, field, value) =>
      once(structs[struct].fields, field, { offset: Number(value), size: 0 }),
    size: (struct, field, value) => {
      structs[struct].fields[field].size = Number(value);
    },
  };
  for (const [kind, ...words] of records) add[kind](...words);
  return {
    header: { file: "linux/vfio.h", linux: versionName(facts.get("linuxVersion")) },
    compiler,
    abi: {
      arch,
      byteOrder: facts.get("bigEndian") === 1 ? "big" : "little",
      wordBits: facts.get("wordBits"),
    },
    ioctls,
    structs,
    constants,
    errno: byNumber(errno),
  };
}

/** The preprocessor lists macros in an order of its own. */
function byNumber(errno) {
  const compare = ([a, x], [b, y]) => x - y || (a < b ? -1 : 1);
  return Object.fromEntries(Object.entries(errno).sort(compare));
}

function once(record, name, value) {
  if (Object.hasOwn(record, name)) throw new Error(`${name} is printed twice`);
  record[name] = value;
}

/** LINUX_VERSION_CODE holds one byte for the sublevel and stops counting at 255. */
function versionName(code) {
  return `${code >> 16}.${(code >> 8) & 0xff}.${code & 0xff}`;
}
