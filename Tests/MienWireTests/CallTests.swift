import MienMessages
@testable import MienWire
import Testing

@Suite(.timeLimit(.minutes(3))) struct CallShapes {
    @Test(arguments: Link.allCases) func handshakeTellsBothSidesAboutEachOther(link: Link) async throws {
        let pair = Pair(link, configureHost: { $0.features = ["x"] })
        let host = try await pair.caller.peer(), caller = try await pair.host.peer()
        #expect(host.name == "host" && host.version == "1" && host.major == 1 && host.features == ["x"] && host.limits == WireLimits())
        #expect(caller.name == "caller")
        await pair.close()
    }

    @Test(arguments: Link.allCases, ["/test/Immediate", "/test/Unary"])
    func unaryCallsOfAllSizes(link: Link, method: String) async throws {
        let pair = Pair(link)
        for size in [0, 1, 1000, 65_535, 65_536, 65_537, 1_000_000, 5_000_000] {
            let message = pattern(size)
            let answer = try await pair.caller.unary(method, message)
            #expect(answer.message == message, "\(size) bytes")
        }
        #expect(pair.caller.openCalls == 0)
        try await until { pair.host.openCalls == 0 }
        await pair.close()
    }

    @Test(arguments: Link.allCases) func serverStreaming(link: Link) async throws {
        let pair = Pair(link)
        let call = try await pair.caller.call("/test/Expand")
        try await call.send(expandRequest(count: 300, size: 70_000))
        call.halfClose()
        var count = 0
        while let message = try await call.next() {
            #expect(message.count == 70_000 && message[0] == UInt8(truncatingIfNeeded: count))
            count += 1
        }
        #expect(count == 300)
        await pair.close()
    }

    @Test(arguments: Link.allCases) func clientStreaming(link: Link) async throws {
        let pair = Pair(link)
        let call = try await pair.caller.call("/test/Collect")
        for size in [0, 1, 100_000, 3_000_000] { try await call.send(Array(repeating: 1, count: size)) }
        call.halfClose()
        let answer = try #require(try await call.next())
        #expect(answer[0] == 4)
        #expect(answer[1...].reduce(0) { $0 << 8 | Int($1) } == 3_100_001)
        #expect(try await call.next() == nil)
        await pair.close()
    }

    @Test(arguments: Link.allCases) func pingPong(link: Link) async throws {
        let pair = Pair(link)
        let call = try await pair.caller.call("/test/EchoStream")
        for index in 0..<100 {
            try await call.send([UInt8(index)])
            #expect(try await call.next() == [UInt8(index)])
        }
        call.halfClose()
        #expect(try await call.next() == nil)
        await pair.close()
    }

    @Test func anEmptyStream() async throws {
        let pair = Pair()
        let call = try await pair.caller.call("/test/EchoStream")
        call.halfClose()
        #expect(try await call.next() == nil)
        await pair.close()
    }

    @Test func metadataTravelBothWays() async throws {
        let pair = Pair()
        let entries = [MetadataEntry("a", "1"), MetadataEntry("a", "2"), MetadataEntry("traceparent", "größe")]
        let answer = try await pair.caller.unary("/test/Metadata", [], metadata: entries, timeout: .seconds(50))
        #expect(answer.metadata == entries)
        #expect(answer.message == [1])
        await pair.close()
    }

    @Test func aLargeAnswerOfAnImmediateMethod() async throws {
        let pair = Pair()
        #expect(try await pair.caller.unary("/test/ImmediateLarge", []).message.count == 300_000)
        await pair.close()
    }

    @Test func ping() async throws {
        let pair = Pair()
        #expect(try await pair.caller.ping() > .zero)
        #expect(try await pair.host.ping() > .zero)
        await pair.close()
    }

    @Test(arguments: Link.allCases) func aThousandInterleavedCalls(link: Link) async throws {
        let pair = Pair(link)
        try await withThrowingTaskGroup(of: Void.self) { group in
            for index in 0..<1000 {
                group.addTask {
                    var random = SplitMix(state: UInt64(index))
                    let size = [0, 10, 1000, 20_000, 100_000, 1_500_000][index % 100 == 0 ? 5 : Int.random(in: 0..<5, using: &random)]
                    let message = Array(repeating: UInt8(truncatingIfNeeded: index), count: size)
                    switch index % 4 {
                    case 0:
                        #expect(try await pair.caller.unary("/test/Unary", message).message == message)
                    case 1:
                        #expect(try await pair.caller.unary("/test/Immediate", message).message == message)
                    case 2:
                        let call = try await pair.caller.call("/test/EchoStream")
                        for _ in 0..<3 {
                            try await call.send(message)
                            #expect(try await call.next() == message)
                        }
                        call.halfClose()
                        #expect(try await call.next() == nil)
                    default:
                        let error = await callError { _ = try await pair.caller.unary("/test/Sleep", message, timeout: .milliseconds(Int.random(in: 1...30, using: &random))) }
                        #expect(error?.code == .deadlineExceeded)
                    }
                }
            }
            try await group.waitForAll()
        }
        #expect(pair.caller.openCalls == 0)
        try await until { pair.host.openCalls == 0 }
        await pair.close()
    }
}

@Suite(.timeLimit(.minutes(3))) struct CallErrors {
    @Test func anErrorArrivesWithAllItsParts() async throws {
        let pair = Pair()
        let error = await callError { _ = try await pair.caller.unary("/test/ImmediateFailure", []) }
        #expect(error == CallError(.notFound, "größer – nichts", reason: "NOTHING", field: "a.b"))
        await pair.close()
    }

    @Test func anUnknownMethod() async throws {
        let pair = Pair()
        let error = await callError { _ = try await pair.caller.unary("/test/Nothing", []) }
        #expect(error == CallError(.unimplemented, "no method /test/Nothing", reason: "NO_METHOD"))
        let call = try await pair.caller.call("/test/Nothing")
        #expect(await callError { _ = try await call.next() }?.code == .unimplemented)
        await pair.close()
    }

    @Test func anErrorAfterAMessageComesAfterIt() async throws {
        let pair = Pair()
        let call = try await pair.caller.call("/test/OneThenFailure")
        try await call.send([])
        call.halfClose()
        #expect(try await call.next() == [1])
        #expect(await callError { _ = try await call.next() }?.code == .dataLoss)
        await pair.close()
    }

    @Test func anErrorOfAnotherTypeIsUnknown() async throws {
        let pair = Pair()
        let error = await callError { _ = try await pair.caller.unary("/test/OtherError", []) }
        #expect(error == CallError(.unknown, "something else"))
        await pair.close()
    }

    @Test func theDeadlineEndsACallOnBothSides() async throws {
        let pair = Pair()
        // On a busy machine the first attempts may expire before they are sent.
        while pair.methods.started.count == 0 {
            let error = await callError { _ = try await pair.caller.unary("/test/Sleep", [], timeout: .milliseconds(50)) }
            #expect(error?.code == .deadlineExceeded)
        }
        try await pair.methods.cancelled.reaches(1)
        try await pair.methods.ended.reaches(1)
        #expect(await callError { _ = try await pair.caller.unary("/test/Sleep", [], timeout: .zero) }?.code == .deadlineExceeded)
        await pair.close()
    }

    @Test func aCancelledTaskCancelsTheCallOnBothSides() async throws {
        let pair = Pair()
        let task = Task { await callError { _ = try await pair.caller.unary("/test/Sleep", []) } }
        try await pair.methods.started.reaches(1)
        task.cancel()
        #expect(await task.value?.code == .cancelled)
        try await pair.methods.cancelled.reaches(1)
        try await until { pair.host.openCalls == 0 }
        await pair.close()
    }

    @Test func cancelAfterTheFirstAnswer() async throws {
        let pair = Pair()
        let call = try await pair.caller.call("/test/EchoStream")
        try await call.send([1])
        #expect(try await call.next() == [1])
        call.cancel(reason: "enough")
        #expect(await callError { _ = try await call.next() }?.code == .cancelled)
        #expect(await callError { try await call.send([2]) }?.code == .cancelled)
        try await pair.methods.cancelled.reaches(1)
        await pair.close()
    }

    @Test func aCallThatIsLetGoIsCancelled() async throws {
        let pair = Pair()
        do {
            let call = try await pair.caller.call("/test/EchoStream")
            try await call.send([1])
            _ = try await call.next()
        }
        try await pair.methods.cancelled.reaches(1)
        #expect(pair.caller.openCalls == 0)
        await pair.close()
    }

    @Test func tooManyOpenCallsFailOneByOne() async throws {
        var limits = WireLimits()
        limits.maxOpenCalls = 3
        let pair = Pair(hostLimits: limits)
        let tasks = (0..<3).map { _ in Task { try await pair.caller.unary("/test/Sleep", []) } }
        try await pair.methods.started.reaches(3)
        let error = await callError { _ = try await pair.caller.unary("/test/Unary", []) }
        #expect(error?.code == .resourceExhausted)
        #expect(error?.facts == [MetadataEntry("limit", "3")])
        for task in tasks { task.cancel(); _ = await task.result }
        try await until { pair.host.openCalls == 0 }
        #expect(try await pair.caller.unary("/test/Unary", [5]).message == [5])
        await pair.close()
    }

    @Test func metadataOutsideOfTheRules() async throws {
        let pair = Pair()
        func attempt(_ name: String, _ value: String) async -> CallError? {
            await callError { _ = try await pair.caller.unary("/test/Metadata", [], metadata: [.init(name, value)]) }
        }
        #expect(await attempt("Upper", "")?.reason == "METADATA_NAME")
        #expect(await attempt("", "")?.reason == "METADATA_NAME")
        #expect(await attempt("mien-x", "")?.reason == "METADATA_RESERVED")
        #expect(await attempt("x", String(repeating: "x", count: 8192))?.reason == "METADATA_TOO_LARGE")
        #expect(await attempt("x", String(repeating: "x", count: 8191)) == nil)
        await pair.close()
    }
}
