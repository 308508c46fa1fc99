import Foundation
import MienJSON
import MienReflection
import Testing

private let fixtures = URL(fileURLWithPath: #filePath).deletingLastPathComponent().appendingPathComponent("Fixtures")
private func fixture(_ name: String) throws -> [UInt8] { Array(try Data(contentsOf: fixtures.appendingPathComponent(name))) }

/// What the official Python implementation does is in Fixtures/cases.json; Fixtures/make_fixtures.py wrote it.
@Suite("JSON mapping")
struct ReflectionTests {
    private let pool: DescriptorPool
    private let cases: JSONValue

    init() throws {
        pool = try DescriptorPool(fileDescriptorSet: fixture("everything.desc"))
        cases = try JSONValue.parse(fixture("cases.json"))
    }

    @Test("JSON becomes the same bytes as in Python, or is refused there as well")
    func fromJSON() throws {
        let list = try #require(cases["fromJSON"]?.array)
        #expect(list.count > 100)
        for item in list {
            let text = try #require(item["json"]?.string)
            let expected = item["bytes"]?.string.flatMap { Data(base64Encoded: $0) }.map { Array($0) }
            let found = try? pool.jsonToMessage("mien.test.Everything", JSONValue.parse(text))
            #expect(found == expected, "\(text)")
        }
    }

    @Test("bytes become the same JSON as in Python, or are refused there as well")
    func toJSON() throws {
        let list = try #require(cases["toJSON"]?.array)
        #expect(list.count > 100)
        for item in list {
            let bytes = Array(try #require(item["bytes"]?.string.flatMap { Data(base64Encoded: $0) }))
            let expected = item["json"].map(normal)
            let found = (try? pool.messageToJSON("mien.test.Everything", bytes)).map(normal)
            #expect(found ?? .null == expected, "\(item["bytes"]?.string ?? "")")
        }
    }

    /// Members sorted and numbers compared by value, because Python writes 1.0 where we write 1.
    private func normal(_ value: JSONValue) -> JSONValue {
        switch value {
        case .object(let object):
            var sorted = JSONObject()
            for member in object.members.sorted(by: { $0.name < $1.name }) { sorted.append(member.name, normal(member.value)) }
            return .object(sorted)
        case .array(let values): return .array(values.map(normal))
        case .number(let number): return .number(JSONNumber(number.double ?? .nan) ?? number)
        default: return value
        }
    }

    @Test("errors name the place and what would be right", arguments: [
        (#"{"nested":{"again":{"nmber":1}}}"#, "nested.again.nmber: is not a field of mien.test.Nested; its fields are number, again, someText"),
        (#"{"nesteds":[{},{"number":"x"}]}"#, "nesteds[1].number: \"x\" is not a whole number"),
        (#"{"aUint32":-1}"#, "aUint32: -1 is not a whole number from 0 to 4294967295"),
        (#"{"colour":"GREEN"}"#, "colour: \"GREEN\" is none of COLOUR_UNSPECIFIED, COLOUR_RED, COLOUR_BLUE"),
        (#"{"chosenNumber":1,"chosenText":""}"#, "chosenText: excludes chosenNumber: both belong to the oneof choice"),
        (#"{"byNumber":{"a":{}}}"#, "byNumber.a: \"a\" is not a whole number"),
        (#"{"aString":[]}"#, "aString: is an array, where a string should be"),
        (#"{"someBytes":"*"}"#, "someBytes: is not base64"), (#"{"someBytes":"A"}"#, "someBytes: is not base64"),
        (#"{"colour":true}"#, "colour: is a boolean, where the name of a value of mien.test.Colour should be"),
        (#"{"nested":[]}"#, "nested: is an array, where mien.test.Nested needs an object"),
        (#"{"aString":"a","a_string":"b"}"#, "a_string: names the same field as aString"),
        (#"[]"#, "is an array, where mien.test.Everything needs an object"),
    ])
    func errors(text: String, message: String) throws {
        let json = try JSONValue.parse(text)
        let error = #expect(throws: ReflectionError.self) { try pool.jsonToMessage("mien.test.Everything", json) }
        #expect(error?.description == message)
    }

    @Test("methods are found by their path")
    func methods() throws {
        let method = try #require(pool.method("/mien.test.Shop/Pour"))
        #expect(method.inputType == "mien.test.Nested" && method.outputType == "mien.test.Everything")
        #expect(method.isClientStreaming && method.isServerStreaming)
        #expect(pool.method("mien.test.Shop/Ask")?.isClientStreaming == false)
        #expect(pool.method("/mien.test.Shop/None") == nil)
        #expect(pool.services.map(\.fullName) == ["mien.test.Shop"])
    }

    @Test("an unknown type is told")
    func unknownType() {
        #expect(throws: ReflectionError("no message type is called mien.test.None")) { try pool.messageToJSON("mien.test.None", []) }
    }

    @Test("nesting is limited on both ways")
    func depth() throws {
        var json = JSONValue.object(JSONObject())
        var bytes: [UInt8] = []
        for _ in 0..<70 {
            var outer = JSONObject()
            outer.append("again", json)
            json = .object(outer)
            bytes = [0x12] + (bytes.count < 128 ? [UInt8(bytes.count)] : [UInt8(bytes.count & 127) | 128, UInt8(bytes.count >> 7)]) + bytes
        }
        #expect(throws: ReflectionError.self) { try pool.jsonToMessage("mien.test.Nested", json) }
        #expect(throws: ReflectionError.self) { try pool.messageToJSON("mien.test.Nested", bytes) }
    }

    @Test("damaged descriptors and messages end in errors, never in a crash")
    func damage() throws {
        let descriptors = try fixture("everything.desc")
        var random = SplitMix(state: 7)
        for length in stride(from: 0, to: descriptors.count, by: 7) { _ = try? DescriptorPool(fileDescriptorSet: Array(descriptors[..<length])) }
        let messages = try #require(cases["toJSON"]?.array).compactMap { $0["bytes"]?.string.flatMap { Data(base64Encoded: $0) } }
        for round in 0..<2_000 {
            var damaged = descriptors
            damaged[Int.random(in: 0..<damaged.count, using: &random)] = UInt8.random(in: 0...255, using: &random)
            let other = try? DescriptorPool(fileDescriptorSet: damaged)
            var bytes = Array(messages[round % messages.count])
            if !bytes.isEmpty { bytes[Int.random(in: 0..<bytes.count, using: &random)] = UInt8.random(in: 0...255, using: &random) }
            if let json = try? pool.messageToJSON("mien.test.Everything", bytes) { _ = try? other?.jsonToMessage("mien.test.Everything", json) }
            _ = try? other?.messageToJSON("mien.test.Everything", bytes)
        }
    }
}

/// Small and reproducible.
private struct SplitMix: RandomNumberGenerator {
    var state: UInt64
    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var z = state
        z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
        z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
        return z ^ (z >> 31)
    }
}
