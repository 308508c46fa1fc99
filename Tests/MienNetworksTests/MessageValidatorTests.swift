import CMessageValidator
import COnnxProtos
import OnnxWriting
import Testing

/// The walk over bytes that come before protobuf-c, on the messages of ONNX.
@Suite struct MessageValidatorTests {
    static let limits = mien_validation_limits(max_bytes: 1 << 24, max_elements: 1 << 20, max_allocation: 1 << 26, max_depth: 10)

    private func validate(_ bytes: [UInt8], _ limits: mien_validation_limits = limits) -> mien_validation {
        withUnsafePointer(to: onnx__model_proto__descriptor) { descriptor in
            withUnsafePointer(to: limits) { limits in
                bytes.withUnsafeBufferPointer { mien_validate_message(descriptor, $0.baseAddress, $0.count, limits) }
            }
        }
    }

    private func tensor(_ body: (inout ProtoBytes) -> Void) -> [UInt8] {
        ProtoBytes.made { $0.data(7, ProtoBytes.made { $0.data(5, ProtoBytes.made(body)) }) }
    }

    @Test func acceptsEmptyAndOrdinaryMessages() {
        #expect(validate([]).code == MIEN_VALIDATION_OK)
        let message = ProtoBytes.made {
            $0.integer(1, 8)
            $0.text(2, "naïve ✓ 😀")
            $0.data(7, ProtoBytes.made { $0.text(2, "g") })
        }
        let result = validate(message)
        #expect(result.code == MIEN_VALIDATION_OK)
        #expect(result.elements == 4)
        #expect(String(cString: result.message_name) == "onnx.ModelProto")
        #expect(result.field_name == nil)
    }

    @Test(arguments: [
        ([0x08], MIEN_VALIDATION_TRUNCATED, 1, 0),
        ([0x08, 0x80], MIEN_VALIDATION_TRUNCATED, 1, 0),
        ([0x88], MIEN_VALIDATION_TRUNCATED, 0, 0),
        ([0x08, 1, 0x08] + [UInt8](repeating: 0xff, count: 10), MIEN_VALIDATION_VARINT_TOO_LONG, 1, 2),
        ([0x80, 0x80, 0x80, 0x80, 0x80, 0x01], MIEN_VALIDATION_VARINT_TOO_LONG, 0, 0),
        ([0x00, 0], MIEN_VALIDATION_FIELD_NUMBER, 0, 0),
        ([0x07], MIEN_VALIDATION_FIELD_NUMBER, 0, 0),
        ([0xf8, 0xff, 0xff, 0xff, 0x1f, 0], MIEN_VALIDATION_FIELD_NUMBER, 0, 0),
        ([0x0b, 0x0c], MIEN_VALIDATION_WIRE_TYPE, 1, 0),
        ([0x0f], MIEN_VALIDATION_WIRE_TYPE, 1, 0),
        ([0x0a, 0], MIEN_VALIDATION_WIRE_TYPE_MISMATCH, 1, 0),
        ([0x10, 0], MIEN_VALIDATION_WIRE_TYPE_MISMATCH, 2, 0),
        ([0x12, 5, 65], MIEN_VALIDATION_LENGTH, 2, 0),
        ([0x12, 0xff, 0xff, 0xff, 0xff, 0x0f], MIEN_VALIDATION_LENGTH, 2, 0),
        ([0x12, 0x80, 0x80, 0x80, 0x80, 0x80, 0], MIEN_VALIDATION_VARINT_TOO_LONG, 2, 0),
        ([0x3a, 2, 0x12, 1], MIEN_VALIDATION_LENGTH, 2, 2),
        ([0x3a, 0, 0x3a, 0], MIEN_VALIDATION_DUPLICATE_MESSAGE, 7, 2),
        ([0x9d, 0x06, 0, 0, 0], MIEN_VALIDATION_TRUNCATED, 99, 0),
    ] as [([UInt8], mien_validation_code, UInt32, Int)])
    func refusesMalformedBytes(_ bytes: [UInt8], _ code: mien_validation_code, _ field: UInt32, _ offset: Int) {
        let result = validate(bytes)
        #expect(result.code == code, "\(String(cString: mien_validation_text(result.code)))")
        #expect(result.field == field)
        #expect(result.offset == offset)
    }

    @Test func namesTheFieldAtFault() {
        let result = validate(tensor { $0.data(8, [0x61, 0xc3]) })
        #expect(result.code == MIEN_VALIDATION_NOT_UTF8)
        #expect(String(cString: result.message_name) == "onnx.TensorProto")
        #expect(String(cString: result.field_name) == "name")
        #expect(result.field == 8)
        #expect(result.offset == 7)
    }

    @Test(arguments: [[0x80], [0xc0, 0x80], [0xc1, 0xbf], [0xe0, 0x9f, 0xbf], [0xed, 0xa0, 0x80], [0xf0, 0x8f, 0xbf, 0xbf], [0xf4, 0x90, 0x80, 0x80], [0xf5, 0x80, 0x80, 0x80],
                      [0xff], [0xc3], [0xe2, 0x82], [0xf0, 0x9f, 0x98], [0xe2, 0x28, 0xa1]] as [[UInt8]])
    func refusesStringsThatAreNotUTF8(_ bytes: [UInt8]) {
        // At the start, behind eight ASCII characters, and in the middle.
        for prefix in [0, 1, 8, 13] {
            let text = [UInt8](repeating: 0x61, count: prefix) + bytes
            let result = validate(ProtoBytes.made { $0.data(2, text) })
            #expect(result.code == MIEN_VALIDATION_NOT_UTF8)
            #expect(result.offset == 2 + prefix)
            #expect(validate(ProtoBytes.made { $0.data(2, text + Array("abcdefghij".utf8)) }).code == MIEN_VALIDATION_NOT_UTF8)
        }
    }

    @Test func agreesWithSwiftOnUTF8() {
        var random = SystemRandomNumberGenerator()
        let pieces: [[UInt8]] = ["a", "é", "€", "😀", "\u{7ff}", "\u{800}", "\u{ffff}", "\u{10ffff}", "\u{d7ff}", "\u{e000}"].map { Array($0.utf8) }
        for _ in 0..<20_000 {
            var text = (0..<Int.random(in: 0...9, using: &random)).flatMap { _ in pieces.randomElement(using: &random)! }
            if Bool.random(using: &random), !text.isEmpty { text[Int.random(in: text.indices, using: &random)] = UInt8.random(in: 1...255, using: &random) }
            let valid = String(validating: text, as: UTF8.self) != nil
            #expect((validate(ProtoBytes.made { $0.data(2, text) }).code == MIEN_VALIDATION_OK) == valid, "\(text)")
        }
    }

    @Test func refusesNULInStrings() {
        for prefix in [0, 3, 8, 11] {
            let result = validate(ProtoBytes.made { $0.data(2, [UInt8](repeating: 0x62, count: prefix) + [0, 0x61]) })
            #expect(result.code == MIEN_VALIDATION_NUL_IN_STRING)
            #expect(result.offset == 2 + prefix)
        }
    }

    @Test func checksPackedFields() {
        #expect(validate(tensor { $0.data(4, [0, 0, 0, 0, 1, 1, 1, 1]) }).code == MIEN_VALIDATION_OK)
        #expect(validate(tensor { $0.data(4, [0, 0, 0, 0, 1]) }).code == MIEN_VALIDATION_PACKED)
        #expect(validate(tensor { $0.data(1, [1, 0x80, 1, 0xff, 0x7f]) }).code == MIEN_VALIDATION_OK) // not declared packed, may come packed
        #expect(validate(tensor { $0.data(1, [1, 2, 3, 4, 5, 6, 7, 8, 9, 0x80]) }).code == MIEN_VALIDATION_PACKED)
        #expect(validate(tensor { $0.data(1, [UInt8](repeating: 0xff, count: 12)) }).code == MIEN_VALIDATION_VARINT_TOO_LONG)
        #expect(validate(tensor { $0.integer(1, 5) }).code == MIEN_VALIDATION_OK)
        #expect(validate(tensor { $0.data(1, [UInt8](repeating: 1, count: 100)) }).elements == 103)
    }

    @Test func keepsLimits() {
        var limits = Self.limits
        limits.max_bytes = 3
        #expect(validate([0x08, 1, 0x08, 1], limits).code == MIEN_VALIDATION_TOO_LARGE)
        limits = Self.limits
        limits.max_elements = 4
        #expect(validate(tensor { $0.data(1, [1, 1]) }, limits).code == MIEN_VALIDATION_TOO_MANY_ELEMENTS)
        #expect(validate(tensor { $0.data(1, [1]) }, limits).code == MIEN_VALIDATION_OK)
        limits = Self.limits
        limits.max_allocation = 1000
        #expect(validate(ProtoBytes.made { $0.data(2, [UInt8](repeating: 0x61, count: 1000)) }, limits).code == MIEN_VALIDATION_ALLOCATION)
        #expect(validate(ProtoBytes.made { for _ in 0..<400 { $0.integer(99, 1) } }, limits).code == MIEN_VALIDATION_ALLOCATION)
        limits.max_allocation = 10
        #expect(validate([], limits).code == MIEN_VALIDATION_ALLOCATION)
    }

    @Test func keepsTheDepthLimit() {
        func nested(_ levels: Int) -> [UInt8] { // ModelProto, then GraphProto, NodeProto, AttributeProto, over and over
            var message: [UInt8] = []
            for level in stride(from: levels - 1, to: 0, by: -1) {
                let inner = message
                message = ProtoBytes.made { $0.data(level == 1 ? 7 : [6, 1, 5][(level - 1) % 3], inner) }
            }
            return message
        }
        #expect(validate(nested(10)).code == MIEN_VALIDATION_OK)
        #expect(validate(nested(11)).code == MIEN_VALIDATION_TOO_DEEP)
        var deep = Self.limits
        deep.max_depth = 5000
        #expect(validate(nested(100), deep).code == MIEN_VALIDATION_OK)
        #expect(validate(nested(101), deep).code == MIEN_VALIDATION_TOO_DEEP)
    }

    /// What protobuf-c allocates, counted by an allocator that it is given.
    private final class Counter {
        var total: UInt64 = 0
        var calls = 0
    }

    private func allocated(_ bytes: [UInt8]) -> UInt64? {
        let counter = Counter()
        var allocator = ProtobufCAllocator(
            alloc: { context, size in
                let counter = Unmanaged<Counter>.fromOpaque(context!).takeUnretainedValue()
                // As glibc rounds: 8 bytes of header, multiples of 16, at least 32.
                counter.total += UInt64(max(32, (size + 8 + 15) & ~15))
                counter.calls += 1
                return UnsafeMutableRawPointer.allocate(byteCount: max(size, 1), alignment: 16)
            },
            free: { _, pointer in pointer?.deallocate() },
            allocator_data: Unmanaged.passUnretained(counter).toOpaque())
        return withExtendedLifetime(counter) {
            guard let model = onnx__model_proto__unpack(&allocator, bytes.count, bytes) else { return nil }
            onnx__model_proto__free_unpacked(model, &allocator)
            return counter.total
        }
    }

    @Test func boundsWhatUnpackingAllocates() throws {
        var random = SystemRandomNumberGenerator()
        let seeds = ["two_heads", "reshape_computed", "concat", "constant", "conv_listed_weights"].map { MappedFileBytes.read(Places.fixture("onnx/\($0).onnx")) }
        var samples = seeds
        samples.append(tensor { $0.data(1, [UInt8](repeating: 1, count: 5000)) })
        samples.append(tensor { for _ in 0..<5000 { $0.integer(1, 1) } })
        samples.append(ProtoBytes.made { for i in 0..<5000 { $0.data(UInt64(100 + i), [1, 2]) } })
        samples.append(ProtoBytes.made { $0.data(7, ProtoBytes.made { for _ in 0..<5000 { $0.data(1, []) } }) })
        for count in [0, 1, 15, 16, 17, 47, 48, 49, 111, 112, 113] { samples.append(ProtoBytes.made { for _ in 0..<count { $0.integer(1, 1) } }) }
        for _ in 0..<20_000 {
            var sample = seeds.randomElement(using: &random)!
            for _ in 0..<Int.random(in: 1...4, using: &random) { sample[Int.random(in: sample.indices, using: &random)] = UInt8.random(in: 0...255, using: &random) }
            samples.append(sample)
        }
        var accepted = 0
        for sample in samples {
            let result = validate(sample)
            guard result.code == MIEN_VALIDATION_OK else { continue }
            accepted += 1
            let total = try #require(allocated(sample), "accepted, yet protobuf-c refuses it")
            #expect(total <= result.allocation, "\(total) bytes allocated, \(result.allocation) foreseen")
            #expect(result.allocation <= total * 2, "\(result.allocation) bytes foreseen, only \(total) allocated")
        }
        #expect(accepted > 1000)
    }
}
