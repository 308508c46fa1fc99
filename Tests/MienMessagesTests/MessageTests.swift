import MienMessages
import Testing

/// Bytes from a hexadecimal string.
func hex(_ text: String) -> [UInt8] {
    let digits = text.utf8.map { UInt8($0 < 58 ? $0 - 48 : $0 - 87) }
    return stride(from: 0, to: digits.count, by: 2).map { digits[$0] << 4 | digits[$0 + 1] }
}

@Suite struct AgreementWithProtoc {
    // The hexadecimal strings were made with `protoc --encode` 3.21.

    func check<M: ProtoMessage>(_ message: M, _ bytes: String) throws {
        #expect(message.encoded() == hex(bytes))
        #expect(try M(decoding: hex(bytes)) == message)
    }

    @Test func openWithPresentButEmptyFields() throws {
        let open = Proto.Open(method: "/mien.v1.Diagnostics/Echo",
                              metadata: [.init(name: "traceparent", value: "00-ab"), .init(name: "traceparent")],
                              timeoutUs: 0, message: [], halfClose: true)
        try check(Proto.Frame(call: 7, kind: .open(open)),
                  "08071a460a192f6d69656e2e76312e446961676e6f73746963732f4563686f12140a0b7472616365706172656e74120530302d6162120d0a0b7472616365706172656e74180022003001")
    }

    @Test func statusWithDetailsAndAnswer() throws {
        let status = Proto.Status(code: 16, message: "no", details: [.init(type: "mien.v1.ErrorInfo", value: Proto.ErrorInfo(reason: "X").encoded())],
                                  answer: Array("xyz".utf8))
        try check(Proto.Frame(call: .max, kind: .status(status)),
                  "08ffffffff0f3a25081012026e6f1a180a116d69656e2e76312e4572726f72496e666f12030a01582a0378797a")
    }

    @Test func requestWithNestedMessages() throws {
        let request = Proto.EstimateFaceRequest(requestId: "größe",
                                                picture: .raw(.init(width: 2, height: 1, format: .gray8, pixels: [1, 255])),
                                                options: .init(minimumConfidence: 0, maxFaces: .max))
        try check(request, "0a076772c3b6c39f65220a080210011801220201ff320b150000000018ffffffff0f")
    }

    @Test func estimateWithFloats() throws {
        let estimate = Proto.Estimate(
            subject: .face(.init(box: .init(left: 1.5), landmarks: [.init(x: 1), .init(y: -2)])),
            categories: [.init(name: "Anger", intensity: 0.5, nativeScore: -1.25, nativeScale: .init(maximum: 1, meaning: "softmax probability"),
                               calibratedProbability: 0.125)])
        try check(estimate, "12150a050d0000c03f12050d0000803f120515000000c01a320a05416e676572150000003f1d0000a0bf221a150000803f"
                          + "1a13736f66746d61782070726f626162696c6974792d0000003e")
    }

    @Test func estimateWithAbstentionAndAttributes() throws {
        let estimate = Proto.Estimate(
            categories: [
                .init(name: "Interest", nativeScore: 2.5, nativeScale: .init(maximum: 7, meaning: "m"), aboveNeutral: 0, raterReliability: -0.125,
                      abstained: true),
                .init(name: "Awe", intensity: 0.5, rank: 1),
            ],
            attributes: [.init(name: "Warm vs. Cold", value: -1.5, scale: .init(minimum: -2, maximum: 2), lowEnd: "cold", highEnd: "warm", aboveNeutral: -0.5)])
        try check(estimate, "1a250a08496e7465726573741d000020402208150000e0401a016d35000000003d000000be48011a0c0a03417765150000003f40016a310a0d5761726d2076"
                          + "732e20436f6c64150000c0bf1a0a0d000000c015000000402204636f6c642a047761726d35000000bf")
    }

    @Test func optionsOfAnAnswer() throws {
        let options = Proto.VoiceOptions(categories: ["awe", "Jealousy & Envy"], minimumReliability: -1, neutral: [.init(label: "Awe", score: 0.25)])
        try check(Proto.EstimateVoiceRequest(options: options), "32272a036177652a0f4a65616c6f757379202620456e767935000080bf3a0a0a03417765150000803e")
    }

    @Test func mapsInAnyOrder() throws {
        let list = Proto.HealthListResponse(statuses: ["a": .init(status: .serving), "b": .init(status: .notServing)])
        #expect(try Proto.HealthListResponse(decoding: hex("0a070a0162120208020a070a016112020801")) == list)
        #expect(list.encoded() == hex("0a070a0161120208010a070a016212020802"))
    }
}

@Suite struct Survival {
    @Test func unknownFieldsOfEveryWireTypeAreWrittenBack() throws {
        // Ping { token: 5 } with fields 100 (varint), 101 (eight bytes), 102 (length-delimited), 103 (four bytes).
        let bytes = hex("0805" + "a0069601" + "a9060102030405060708" + "b20603616263" + "bd0601020304")
        let ping = try Proto.Ping(decoding: bytes)
        #expect(ping.token == 5)
        #expect(ping.unknownFields.map(\.number) == [100, 101, 102, 103])
        #expect(ping.unknownFields.map(\.wireType) == [0, 1, 2, 5])
        #expect(ping.encoded() == bytes)
    }

    @Test func unknownFieldsInsideNestedMessagesAreWrittenBack() throws {
        let bytes = hex("0a07" + "0a0161" + "a0069601")
        let info = try Proto.ErrorInfo(decoding: hex("1a07" + "0a0161" + "a0069601"))
        #expect(info.facts.first?.unknownFields.count == 1)
        #expect(info.encoded() == hex("1a07") + bytes.dropFirst(2))
    }

    @Test func unknownEnumValuesKeepTheirNumber() throws {
        let log = Proto.Log(level: .init(rawValue: 4242))
        #expect(try Proto.Log(decoding: log.encoded()).level.rawValue == 4242)
        #expect("\(Proto.Log(level: .init(rawValue: 4242)).level)" == "4242")
        #expect("\(Proto.LogLevel.warning)" == "LOG_LEVEL_WARNING")
        let negative = Proto.Log(level: .init(rawValue: -1))
        #expect(try Proto.Log(decoding: negative.encoded()).level.rawValue == -1)
    }

    @Test func aFrameOfAnUnknownKindHasNoKind() throws {
        let frame = try Proto.Frame(decoding: hex("0803" + "ea0703616263"))
        #expect(frame.kind == nil)
        #expect(frame.call == 3)
        #expect(frame.unknownFields.count == 1)
    }

    @Test func emptyMessagesAreMessages() throws {
        #expect(try Proto.Frame(decoding: []) == Proto.Frame())
        #expect(Proto.Frame().encoded().isEmpty)
        #expect(try Proto.Frame(decoding: Proto.Frame(kind: .halfClose(.init())).encoded()).kind == .halfClose(.init()))
    }

    @Test func theLastMemberOfAOneofWins() throws {
        let data = Proto.EstimateFaceRequest(picture: .data([1, 2, 3])).encoded()
        let path = Proto.EstimateFaceRequest(picture: .path("/x")).encoded()
        let raw = Proto.EstimateFaceRequest(picture: .raw(.init(width: 1))).encoded()
        #expect(try Proto.EstimateFaceRequest(decoding: data + path).picture == .path("/x"))
        #expect(try Proto.EstimateFaceRequest(decoding: path + raw).picture == .raw(.init(width: 1)))
        #expect(try Proto.EstimateFaceRequest(decoding: path + raw + data).picture == .data([1, 2, 3]))
    }

    @Test(arguments: [0, 1, 100, 4_000, 5_000, 70_000, 3_000_000])
    func payloadsOfAllSizes(size: Int) throws {
        let message = Proto.Message(data: Array(repeating: 31, count: size), continues: true)
        #expect(try Proto.Message(decoding: message.encoded()) == message)
    }

    @Test func aFramedMessageHasItsLengthInFront() {
        var buffer: [UInt8] = [9]
        Proto.Frame(call: 3).append(to: &buffer, framed: true)
        #expect(buffer == [9, 0, 0, 0, 2, 8, 3])
    }
}

@Suite struct Refusal {
    @Test func truncationAtEveryByteIsAnErrorOrAShorterMessage() throws {
        let bytes = Proto.Frame(call: 7, kind: .open(.init(method: "/a/b", metadata: [.init(name: "x", value: "y")], message: [1, 2, 3]))).encoded()
        for end in 0..<bytes.count where end != 0 && end != 2 {
            #expect(throws: MessageError.self, "cut to \(end) bytes") { try Proto.Frame(decoding: Array(bytes[..<end])) }
        }
    }

    @Test func theErrorNamesTheField() {
        #expect(throws: MessageError.self) { try Proto.Metadata(decoding: hex("0a02ff61")) }
        do {
            _ = try Proto.Metadata(decoding: hex("0a02ff61"))
        } catch {
            #expect(error.field == "mien.v1.Metadata.name")
            #expect(error.description.contains("field name of mien.v1.Metadata"))
            #expect(!error.exceedsLimit)
        }
    }

    @Test func limitsAreEnforced() {
        let limits = MessageLimits(bytes: 1000, elements: 10, allocation: 10_000, depth: 2)
        func refused<M: ProtoMessage>(_ message: M) -> Bool {
            do { _ = try M(decoding: message.encoded(), limits: limits); return false } catch { return error.exceedsLimit }
        }
        #expect(refused(Proto.Message(data: Array(repeating: 0, count: 1001))))
        #expect(refused(Proto.Open(metadata: Array(repeating: .init(), count: 11))))
        #expect(refused(Proto.Frame(kind: .open(.init(metadata: [.init()])))))
        #expect(!refused(Proto.Open(metadata: [.init()])))
    }

    @Test func aNULInAStringIsReplacedAndNeverCutsIt() throws {
        let error = Proto.ErrorInfo(reason: "a\0b")
        #expect(try Proto.ErrorInfo(decoding: error.encoded()).reason == "a b")
        #expect(throws: MessageError.self) { try Proto.ErrorInfo(decoding: hex("0a03610062")) }
    }

    @Test func randomBytesNeverCrash() {
        var generator = SplitMix(state: 1)
        let seed = Proto.Frame(call: 7, kind: .open(.init(method: "/a/b", metadata: [.init(name: "x", value: "y")], timeoutUs: 9, message: [1, 2, 3]))).encoded()
        for _ in 0..<20_000 {
            var bytes = seed
            for _ in 0..<Int.random(in: 1...4, using: &generator) {
                bytes[Int.random(in: 0..<bytes.count, using: &generator)] = UInt8.random(in: 0...255, using: &generator)
            }
            guard let frame = try? Proto.Frame(decoding: bytes) else { continue }
            #expect(try! Proto.Frame(decoding: frame.encoded()) == frame)
        }
    }
}

/// Reproducible random numbers.
struct SplitMix: RandomNumberGenerator {
    var state: UInt64
    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var z = state
        z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
        z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
        return z ^ (z >> 31)
    }
}
