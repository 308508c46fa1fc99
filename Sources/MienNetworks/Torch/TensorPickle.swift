/// Reads the pickles that `torch.save` makes of dictionaries of tensors, and nothing else.
///
/// A pickle is a program that can call anything. This reader runs none: it knows the instructions that dictionaries, lists, tuples, numbers,
/// text and tensors need, keeps what they build as plain data, and refuses every other instruction, and every name but a dozen, by name.
struct TensorPickle {
    enum Value {
        case none, mark
        case bool(Bool), int(Int), float(Double), string(String)
        case global(Global)
        /// Indices of what was built, so that what contains one another is not nested in memory.
        case tuple(Int), list(Int), dictionary(Int), storage(Int), tensor(Int)
    }

    /// The names that may appear.
    enum Global: Equatable {
        case orderedDictionary, rebuildTensor, rebuildParameter
        case storage(ElementType)

        init?(_ module: String, _ name: String) {
            switch (module, name) {
            case ("collections", "OrderedDict"): self = .orderedDictionary
            case ("torch._utils", "_rebuild_tensor_v2"): self = .rebuildTensor
            case ("torch._utils", "_rebuild_parameter"): self = .rebuildParameter
            case ("torch", _):
                let types: [String: ElementType] = [
                    "FloatStorage": .f32, "HalfStorage": .f16, "BFloat16Storage": .bf16, "DoubleStorage": .f64, "LongStorage": .i64, "IntStorage": .i32,
                    "ShortStorage": .i16, "CharStorage": .i8, "ByteStorage": .u8, "BoolStorage": .bool,
                ]
                guard let type = types[name] else { return nil }
                self = .storage(type)
            default: return nil
            }
        }
    }

    struct Storage {
        var type: ElementType
        var key: String
        /// Elements.
        var count: Int
    }

    struct Tensor {
        var storage: Int
        var offset: Int
        var extents: [Int]
        var strides: [Int]
    }

    private(set) var tuples: [[Value]] = [], lists: [[Value]] = [], dictionaries: [[(key: Value, value: Value)]] = []
    private(set) var storages: [Storage] = [], tensors: [Tensor] = []
    private let bytes: UnsafeRawBufferPointer
    private var cursor: ByteCursor
    private var stack: [Value] = [], memo: [Int: Value] = [:]

    /// Longest text, and longest pickle: those of real models with thousands of tensors stay far below.
    private static let textLimit = 1 << 16
    static let limit = 64 << 20

    init(_ bytes: UnsafeRawBufferPointer) {
        self.bytes = bytes
        cursor = ByteCursor(bytes)
    }

    /// Where the next pickle begins.
    var offset: Int { cursor.offset }

    private func malformed(_ reason: String, at place: Int) -> ModelFileError { ModelFileError(.malformed, "pickle, byte \(place): \(reason)") }

    /// Runs one pickle to its STOP.
    ///
    /// - Throws: `ModelFileError`: `.malformed`; `.unsupported` with the instruction and the name for what tensors do not need.
    mutating func read() throws(ModelFileError) -> Value {
        stack = []
        memo = [:]
        while true {
            let place = cursor.offset
            guard place < Self.limit, let opcode = cursor.number(UInt8.self) else { throw malformed("it ends without STOP", at: place) }
            if opcode == UInt8(ascii: ".") {
                guard stack.count == 1, let value = stack.first else { throw malformed("STOP with \(stack.count) values, expected 1", at: place) }
                return value
            }
            guard try step(opcode, place) else { throw malformed("\(Self.name(opcode)) is cut short or lacks its operands", at: place) }
        }
    }

    /// - Returns: false if bytes or operands are missing.
    private mutating func step(_ opcode: UInt8, _ place: Int) throws(ModelFileError) -> Bool {
        switch opcode {
        case 0x80: // PROTO
            guard let version = cursor.number(UInt8.self) else { return false }
            guard version <= 5 else { throw malformed("protocol \(version) is not known", at: place) }
        case 0x95: return cursor.number(UInt64.self) != nil // FRAME: only a hint
        case UInt8(ascii: "N"): stack.append(.none)
        case 0x88: stack.append(.bool(true))
        case 0x89: stack.append(.bool(false))
        case UInt8(ascii: "J"): return push(cursor.number(Int32.self).map { .int(Int($0)) })
        case UInt8(ascii: "K"): return push(cursor.number(UInt8.self).map { .int(Int($0)) })
        case UInt8(ascii: "M"): return push(cursor.number(UInt16.self).map { .int(Int($0)) })
        case 0x8a: return push(long()) // LONG1
        case UInt8(ascii: "G"): return push(cursor.number(UInt64.self).map { .float(Double(bitPattern: $0.byteSwapped)) }) // big-endian
        case UInt8(ascii: "X"): return push(text(length: cursor.number(UInt32.self).map(Int.init)))
        case 0x8c: return push(text(length: cursor.number(UInt8.self).map(Int.init)))
        case UInt8(ascii: "U"): return push(text(length: cursor.number(UInt8.self).map(Int.init)))
        case UInt8(ascii: "("): stack.append(.mark)
        case UInt8(ascii: ")"): pushTuple([])
        case 0x85, 0x86, 0x87: // TUPLE1...TUPLE3
            let count = Int(opcode) - 0x84
            guard stack.count >= count, !stack.suffix(count).contains(where: { if case .mark = $0 { true } else { false } }) else { return false }
            let values = Array(stack.suffix(count))
            stack.removeLast(count)
            pushTuple(values)
        case UInt8(ascii: "t"):
            guard let values = popToMark() else { return false }
            pushTuple(values)
        case UInt8(ascii: "]"):
            lists.append([])
            stack.append(.list(lists.count - 1))
        case UInt8(ascii: "a"):
            guard let value = stack.popLast(), case .list(let index)? = stack.last else { return false }
            lists[index].append(value)
        case UInt8(ascii: "e"):
            guard let values = popToMark(), case .list(let index)? = stack.last else { return false }
            lists[index] += values
        case UInt8(ascii: "}"): pushDictionary()
        case UInt8(ascii: "s"):
            guard let value = stack.popLast(), let key = stack.popLast(), case .dictionary(let index)? = stack.last else { return false }
            dictionaries[index].append((key, value))
        case UInt8(ascii: "u"):
            guard let values = popToMark(), values.count % 2 == 0, case .dictionary(let index)? = stack.last else { return false }
            for pair in stride(from: 0, to: values.count, by: 2) { dictionaries[index].append((values[pair], values[pair + 1])) }
        case UInt8(ascii: "q"): return put(cursor.number(UInt8.self).map(Int.init))
        case UInt8(ascii: "r"): return put(cursor.number(UInt32.self).map(Int.init))
        case 0x94: return put(memo.count) // MEMOIZE
        case UInt8(ascii: "h"): return push(cursor.number(UInt8.self).flatMap { memo[Int($0)] })
        case UInt8(ascii: "j"): return push(cursor.number(UInt32.self).flatMap { memo[Int($0)] })
        case UInt8(ascii: "c"):
            guard let module = cursor.line(limit: Self.textLimit), let name = cursor.line(limit: Self.textLimit) else { return false }
            stack.append(.global(try global(module, name, opcode, place)))
        case 0x93: // STACK_GLOBAL
            guard case .string(let name)? = stack.popLast(), case .string(let module)? = stack.popLast() else { return false }
            stack.append(.global(try global(module, name, opcode, place)))
        case UInt8(ascii: "Q"): return try storage(place)
        case UInt8(ascii: "R"): return try call(place)
        case UInt8(ascii: "b"):
            // What an OrderedDict carries beside its entries (`_metadata`) says nothing about tensors.
            guard stack.popLast() != nil, case .dictionary? = stack.last else { return false }
        default: throw ModelFileError(.unsupported, "pickle, byte \(place): \(Self.name(opcode)) is nothing that tensors need; nothing of it was run")
        }
        return true
    }

    // MARK: Instructions

    private mutating func push(_ value: Value?) -> Bool {
        guard let value else { return false }
        stack.append(value)
        return true
    }

    private mutating func pushTuple(_ values: [Value]) {
        tuples.append(values)
        stack.append(.tuple(tuples.count - 1))
    }

    private mutating func pushDictionary() {
        dictionaries.append([])
        stack.append(.dictionary(dictionaries.count - 1))
    }

    private mutating func popToMark() -> [Value]? {
        guard let mark = stack.lastIndex(where: { if case .mark = $0 { true } else { false } }) else { return nil }
        defer { stack.removeSubrange(mark...) }
        return Array(stack[(mark + 1)...])
    }

    private mutating func put(_ index: Int?) -> Bool {
        guard let index, let value = stack.last else { return false }
        if case .mark = value { return false }
        memo[index] = value
        return true
    }

    /// A whole number of any length, little-endian; those beyond 64 bits (a magic number) are as good as none.
    private mutating func long() -> Value? {
        guard let length = cursor.number(UInt8.self), let digits = cursor.take(Int(length)) else { return nil }
        guard digits.count <= 8 else { return Value.none }
        var bits: UInt64 = digits.last.map { $0 & 0x80 != 0 } == true ? .max : 0
        for digit in digits.reversed() { bits = bits << 8 | UInt64(digit) }
        return .int(Int(Int64(bitPattern: bits)))
    }

    private mutating func text(length: Int?) -> Value? {
        guard let length, length <= Self.textLimit else { return nil }
        return cursor.take(length).flatMap(ByteCursor.text).map { .string($0) }
    }

    private func global(_ module: String, _ name: String, _ opcode: UInt8, _ place: Int) throws(ModelFileError) -> Global {
        guard let global = Global(module, name) else {
            let who = "pickle, byte \(place): \(Self.name(opcode)) asks for '\(module).\(name)'"
            throw ModelFileError(.unsupported, who + ", which is nothing that tensors need; nothing of it was run")
        }
        return global
    }

    /// BINPERSID: ('storage', type, key, device, count), and in old files a view, which must be None.
    private mutating func storage(_ place: Int) throws(ModelFileError) -> Bool {
        guard case .tuple(let index)? = stack.popLast() else { return false }
        let parts = tuples[index]
        guard parts.count == 5 || parts.count == 6, case .string("storage") = parts[0], case .global(.storage(let type)) = parts[1],
              case .string(let key) = parts[2], case .int(let count) = parts[4], count >= 0 else { throw malformed("a persistent id is not that of a storage", at: place) }
        if parts.count == 6 {
            guard case .none = parts[5] else { throw ModelFileError(.unsupported, "pickle, byte \(place): storage '\(key)' is a view of another") }
        }
        storages.append(Storage(type: type, key: key, count: count))
        stack.append(.storage(storages.count - 1))
        return true
    }

    /// REDUCE of one of the functions that make tensors.
    private mutating func call(_ place: Int) throws(ModelFileError) -> Bool {
        guard case .tuple(let index)? = stack.popLast(), case .global(let function)? = stack.popLast() else { return false }
        let arguments = tuples[index]
        switch function {
        case .orderedDictionary where arguments.isEmpty: pushDictionary()
        case .rebuildParameter:
            guard let first = arguments.first, case .tensor = first else { throw malformed("a parameter is not a tensor", at: place) }
            stack.append(first)
        case .rebuildTensor:
            guard arguments.count >= 4, case .storage(let storage) = arguments[0], case .int(let offset) = arguments[1], case .tuple(let size) = arguments[2],
                  case .tuple(let stride) = arguments[3], let extents = integers(size), let strides = integers(stride), extents.count == strides.count,
                  extents.count <= Safetensors.rankLimit else { throw malformed("a tensor is not made of a storage, an offset, a shape and strides", at: place) }
            tensors.append(Tensor(storage: storage, offset: offset, extents: extents, strides: strides))
            stack.append(.tensor(tensors.count - 1))
        default: throw malformed("REDUCE calls what is no function of tensors", at: place)
        }
        return true
    }

    private func integers(_ tuple: Int) -> [Int]? {
        var numbers: [Int] = []
        for value in tuples[tuple] {
            guard case .int(let number) = value, number >= 0 else { return nil }
            numbers.append(number)
        }
        return numbers
    }

    /// What the instruction is called in Python's pickletools.
    private static func name(_ opcode: UInt8) -> String {
        let names: [UInt8: String] = [
            UInt8(ascii: "c"): "GLOBAL", 0x93: "STACK_GLOBAL", UInt8(ascii: "R"): "REDUCE", UInt8(ascii: "i"): "INST", UInt8(ascii: "o"): "OBJ",
            0x81: "NEWOBJ", 0x92: "NEWOBJ_EX", 0x82: "EXT1", 0x83: "EXT2", 0x84: "EXT4", UInt8(ascii: "P"): "PERSID", UInt8(ascii: "Q"): "BINPERSID",
            UInt8(ascii: "b"): "BUILD", UInt8(ascii: "h"): "BINGET", UInt8(ascii: "j"): "LONG_BINGET", UInt8(ascii: "X"): "BINUNICODE",
            UInt8(ascii: "u"): "SETITEMS", UInt8(ascii: "t"): "TUPLE", 0x97: "NEXT_BUFFER", 0x96: "BYTEARRAY8", UInt8(ascii: "B"): "BINBYTES",
            UInt8(ascii: "C"): "SHORT_BINBYTES", 0x8f: "EMPTY_SET", UInt8(ascii: "I"): "INT",
        ]
        let hex = String(opcode, radix: 16)
        return names[opcode] ?? "instruction 0x\(hex.count < 2 ? "0" : "")\(hex)"
    }
}
