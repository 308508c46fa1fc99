import InferenceCore
import MienNetworks
import Testing

@Suite struct SafetensorsTests {
    private func open(_ header: String, data: Int = 0) throws -> Safetensors { try Safetensors(file(safetensorsBytes(header, data: data))) }

    @Test func readsTensorsAndMetadata() throws {
        let tensors = try open(#"{"__metadata__":{"who":"me","\u00e9\ud83d\ude00":""},"b":{"dtype":"F32","shape":[2,1],"data_offsets":[0,8]},"#
            + #""a":{"dtype":"I8","shape":[],"data_offsets":[8,9]}, "e":{"shape":[0,3],"data_offsets":[9,9],"dtype":"F16"}}   "#, data: 9)
        #expect(tensors.names == ["a", "b", "e"])
        #expect(tensors.metadata == ["who": "me", "é😀": ""])
        #expect(try tensors.tensor(named: "b").shape == [2, 1])
        #expect(try tensors.tensor(named: "a").shape == [])
        #expect(try tensors.tensor(named: "a").type == .i8)
        #expect(try tensors.tensor(named: "a").withBytes { Array($0) } == [0x3f])
        #expect(try tensors.floats(named: "b") == [Float](repeating: Float(bitPattern: 0x3f3f3f3f), count: 2))
        #expect(try tensors.floats(named: "e") == [])
        #expect(tensors["missing"] == nil)
    }

    @Test func readsAnEmptyFile() throws {
        #expect(try open("{}").names == [])
    }

    @Test(arguments: ElementType.allCases)
    func knowsEveryTypeOfTheFormat(_ type: ElementType) throws {
        let bytes = 8 * type.bits / 8
        let tensors = try open(#"{"t":{"dtype":"\#(type.rawValue)","shape":[2,4],"data_offsets":[0,\#(bytes)]}}"#, data: bytes)
        #expect(try tensors.tensor(named: "t").type == type)
        #expect(try tensors.tensor(named: "t").withBytes { $0.count } == bytes)
    }

    @Test func convertsFloatsExactly() throws {
        func values(_ type: String, _ bytes: [UInt8]) throws -> [Float] {
            let header = #"{"t":{"dtype":"\#(type)","shape":[\#(bytes.count * 8 / ElementType(rawValue: type)!.bits)],"data_offsets":[0,\#(bytes.count)]}}"#
            return try Safetensors(file(safetensorsBytes(header) + bytes)).floats(named: "t", finite: false)
        }
        // 1, -2, smallest subnormal, largest, -0, infinity
        #expect(try values("F16", [0, 0x3c, 0, 0xc0, 1, 0, 0xff, 0x7b, 0, 0x80, 0, 0x7c]) == [1, -2, 0x1p-24, 65504, -0.0, .infinity])
        #expect(try values("BF16", [0x80, 0x3f, 0, 0xc0, 0x80, 0x7f]) == [1, -2, .infinity])
        #expect(try values("F64", [0, 0, 0, 0, 0, 0, 0xf0, 0x3f]) == [1])
        #expect(try values("F64", [0, 0, 0, 0, 0, 0, 0xe0, 0x7f]) == [.infinity])
        #expect(try values("F16", [1, 0x7e])[0].isNaN)
    }

    @Test func everyHalfIsConvertedAsIEEESays() throws {
        let bytes = (0..<65536).flatMap { [UInt8(truncatingIfNeeded: $0), UInt8($0 >> 8)] }
        let header = #"{"t":{"dtype":"F16","shape":[65536],"data_offsets":[0,131072]}}"#
        let values = try Safetensors(file(safetensorsBytes(header) + bytes)).floats(named: "t", finite: false)
        for bits in 0..<65536 {
            let exponent = bits >> 10 & 31, fraction = Float(bits & 1023)
            var expected: Float = exponent == 0 ? fraction * 0x1p-24 : Float(sign: .plus, exponent: exponent - 15, significand: 1 + fraction / 1024)
            if exponent == 31 { expected = fraction == 0 ? .infinity : .nan }
            if bits >= 32768 { expected = -expected }
            #expect(values[bits] == expected && values[bits].sign == expected.sign || values[bits].isNaN && expected.isNaN, "\(bits)")
        }
    }

    @Test func floatsChecksTypeShapeAndFiniteness() throws {
        let tensors = try open(#"{"i":{"dtype":"I32","shape":[1],"data_offsets":[0,4]},"f":{"dtype":"F32","shape":[1],"data_offsets":[4,8]}}"#, data: 8)
        #expect(throws: ModelFileError(.unsupported, "tensor 'i' has elements of type I32, expected a float")) { try tensors.floats(named: "i") }
        #expect(throws: ModelFileError(.mismatch, "tensor 'f' has shape [1], expected [2]")) { try tensors.floats(named: "f", shape: [2]) }
        #expect(throws: ModelFileError(.missing, "there is no tensor 'g'")) { try tensors.floats(named: "g") }
        let header = #"{"n":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}}"#
        let broken = try Safetensors(file(safetensorsBytes(header) + [0, 0, 0, 0, 0, 0, 0xc0, 0x7f]))
        #expect(throws: ModelFileError(.malformed, "tensor 'n' holds nan at element 1")) { try broken.floats(named: "n") }
    }

    static let f32 = #""dtype":"F32","shape":[2],"data_offsets":[0,8]"#

    @Test(arguments: [
        ("", 0, "begin with '{'"),
        (" {}", 0, "begin with '{'"),
        ("{", 0, "text ends where"),
        ("{}x", 0, "text after the end"),
        (#"{"a":{\#(f32)}"#, 8, "text ends where"),
        (#"{"a":{\#(f32)},}"#, 8, "where a name in quotes should be"),
        (#"{"a":{\#(f32),"x":1}}"#, 8, "unknown entry 'x'"),
        (#"{"a":{\#(f32),"shape":[2]}}"#, 8, "name \"shape\" occurs twice"),
        (#"{"a":{\#(f32)},"a":{\#(f32)}}"#, 8, "name \"a\" occurs twice"),
        (#"{"a":{\#(f32)},"\u0061":{\#(f32)}}"#, 8, "name \"a\" occurs twice"),
        (#"{"__metadata__":{},"__metadata__":{}}"#, 0, "occurs twice"),
        (#"{"__metadata__":{"a":"","a":""}}"#, 0, "name \"a\" occurs twice"),
        (#"{"__metadata__":{"a":1}}"#, 0, "expected a string"),
        (#"{"a":{"dtype":"F32","shape":[2]}}"#, 8, "needs 'dtype', 'shape' and two 'data_offsets'"),
        (#"{"a":{"dtype":"F32","shape":[2],"data_offsets":[0]}}"#, 8, "two 'data_offsets'"),
        (#"{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8,8]}}"#, 8, "two 'data_offsets'"),
        (#"{"a":{"dtype":"F32","shape":[2],"data_offsets":[8,0]}}"#, 8, "outside"),
        (#"{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,9]}}"#, 8, "outside the 8 bytes"),
        (#"{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,4]}}"#, 8, "cannot take 4 bytes"),
        (#"{"a":{"dtype":"F32","shape":[-2],"data_offsets":[0,8]}}"#, 8, "needs 'dtype', 'shape' and two 'data_offsets'"),
        (#"{"a":{"dtype":"F32","shape":[2.0],"data_offsets":[0,8]}}"#, 8, "needs 'dtype', 'shape' and two 'data_offsets'"),
        (#"{"a":{"dtype":"F32","shape":[2e0],"data_offsets":[0,8]}}"#, 8, "needs 'dtype', 'shape' and two 'data_offsets'"),
        (#"{"a":{"dtype":"F32","shape":[02],"data_offsets":[0,8]}}"#, 8, "leading zero"),
        (#"{"a":{"dtype":"F32","shape":["2"],"data_offsets":[0,8]}}"#, 8, "needs 'dtype', 'shape' and two 'data_offsets'"),
        (#"{"a":{"dtype":"F32","shape":[[2]],"data_offsets":[0,8]}}"#, 8, "needs 'dtype', 'shape' and two 'data_offsets'"),
        (#"{"a":{"dtype":"F32","shape":[99999999999999999999],"data_offsets":[0,8]}}"#, 8, "extents are whole numbers"),
        (#"{"a":{"dtype":"F32","shape":[4294967296,4294967296],"data_offsets":[0,0]}}"#, 0, "cannot take 0 bytes"),
        (#"{"a":{"dtype":"F32","shape":[4294967296,4294967296,0],"data_offsets":[0,0]}}"#, 0, "cannot take 0 bytes"),
        (#"{"a":{"dtype":"F64","shape":[2305843009213693953],"data_offsets":[0,8]}}"#, 8, "cannot take 8 bytes"),
        (#"{"a":{"dtype":"F4","shape":[3],"data_offsets":[0,2]}}"#, 2, "cannot take 2 bytes"),
        (#"{"a":{"dtype":"F31","shape":[2],"data_offsets":[0,8]}}"#, 8, "unknown type 'F31'"),
        (#"{"a":{"dtype":"f32","shape":[2],"data_offsets":[0,8]}}"#, 8, "unknown type 'f32'"),
        (#"{"a":{\#(f32)},"b":{"dtype":"F32","shape":[1],"data_offsets":[4,8]}}"#, 8, "overlaps"),
        (#"{"a":{\#(f32)},"b":{"dtype":"F32","shape":[1],"data_offsets":[12,16]}}"#, 16, "4 bytes before tensor 'b' belong to no tensor"),
        (#"{"a":{\#(f32)}}"#, 12, "4 bytes at the end"),
        (#"{"a":{\#(f32)}}"#, 7, "outside the 7 bytes"),
        (#"{"\ud83d":{\#(f32)}}"#, 8, "surrogate"),
        (#"{"\x":{\#(f32)}}"#, 8, "unknown escape"),
        ("{\"a\n\":{\(f32)}}", 8, "control character"),
        (#"{"a":{"dtype":"F32","shape":[\#(String(repeating: "1,", count: 64))1],"data_offsets":[0,4]}}"#, 4, "at most 64"),
        (#"{"a":null}"#, 0, "expected an object"),
        ("{\"a\":" + String(repeating: "[", count: 100_000), 0, "nested deeper"),
    ])
    func refusesBrokenHeaders(_ header: String, _ data: Int, _ message: String) throws {
        let error = try #require(throws: ModelFileError.self) { try open(header, data: data) }
        #expect(error.reason.contains(message), "\(error)")
    }

    @Test func refusesFilesWithoutAHeader() throws {
        func reason(_ bytes: [UInt8]) throws -> String { try #require(throws: ModelFileError.self) { try Safetensors(file(bytes)) }.reason }
        #expect(try reason([]).contains("too few"))
        #expect(try reason([1, 2, 3, 4, 5, 6, 7]).contains("too few"))
        #expect(try reason(safetensorsBytes("{}", length: 3)).contains("cut short"))
        #expect(try reason(safetensorsBytes("{}", length: 100_000_001)).contains("over the limit"))
        #expect(try reason(safetensorsBytes("{}", length: .max)).contains("over the limit"))
        #expect(try reason(Array(repeating: 0, count: 8)).contains("begin with '{'"))
    }

    @Test func refusesInvalidUTF8() throws {
        var bytes = safetensorsBytes(#"{"?":{\#(Self.f32)}}"#, data: 8)
        bytes[10] = 0xff
        #expect(try #require(throws: ModelFileError.self) { try Safetensors(file(bytes)) }.reason.contains("UTF-8"))
    }

    @Test func everyTruncationIsRefused() throws {
        let whole = safetensorsBytes(#"{"__metadata__":{"a":"b"},"a":{\#(Self.f32)},"b":{"dtype":"BF16","shape":[2],"data_offsets":[8,12]}}"#, data: 12)
        _ = try Safetensors(file(whole))
        for length in 0..<whole.count {
            #expect(throws: ModelFileError.self, "\(length) bytes") { try Safetensors(file(Array(whole[..<length]))) }
        }
    }

    @Test func errorsNameTheFile() throws {
        let error = try #require(throws: ModelFileError.self) { try Safetensors(path: Places.fixture("onnx/two_heads.onnx")) }
        #expect(error.description.hasPrefix(Places.fixture("onnx/two_heads.onnx") + ": not a safetensors file"))
    }

    @Test func copiedBytesOutliveTheirSource() throws {
        var tensor: Safetensors.StoredTensor?
        do { tensor = try open(#"{"a":{\#(Self.f32)}}"#, data: 8).tensor(named: "a") }
        #expect(tensor!.withBytes { Array($0) } == [UInt8](repeating: 0x3f, count: 8))
    }
}
