import MienMessages
@testable import MienWire
import Testing

@Suite(.timeLimit(.minutes(3))) struct Violations {
    /// Sends frames after the handshake; the host must close with this violation, and say so in a GoAway.
    private func check(_ expected: String, _ frames: (RawCaller) -> [Proto.Frame], sourceLocation: SourceLocation = #_sourceLocation) async {
        let caller = await RawCaller()
        await caller.send(bytes: frames(caller).flatMap(\.framed))
        var reason: String?
        while let frame = await caller.receive() {
            if case .goAway(let goAway) = frame.kind { reason = goAway.reason }
        }
        #expect(reason == "protocol violation: \(expected)", sourceLocation: sourceLocation)
        #expect(await caller.host.waitUntilEnded() == .protocolViolation(expected), sourceLocation: sourceLocation)
    }

    @Test func ofCallNumbers() async {
        await check("the caller opened call 2: its calls have odd numbers") { [$0.open(2, "/test/Unary")] }
        await check("the caller opened call 0: its calls have odd numbers") { [$0.open(0, "/test/Unary")] }
        await check("call 5 was opened twice") { [$0.open(5, "/test/Sleep", []), $0.open(5, "/test/Sleep", [])] }
        await check("call 3 was opened after call 5: numbers must rise") { [$0.open(5, "/test/Sleep"), $0.open(3, "/test/Sleep")] }
        await check("a Message for call 9, which was never opened") { _ in [.init(call: 9, kind: .message(.init(data: [1])))] }
        await check("a HalfClose for call 1, which was never opened") { _ in [.init(call: 1, kind: .halfClose(.init()))] }
        await check("a Cancel for call 4, which was never opened") { [$0.open(5, "/test/Sleep"), .init(call: 4, kind: .cancel(.init()))] }
        await check("a Credit for call 7, which was never opened") { _ in [.init(call: 7, kind: .credit(.init(bytes: 1)))] }
        await check("a Message without a call's number") { _ in [.init(kind: .message(.init()))] }
        await check("a Ping names call 1, but is about the connection") { [$0.open(1, "/test/Sleep"), .init(call: 1, kind: .ping(.init()))] }
    }

    @Test func ofTheOrderOfFrames() async {
        await check("a message on call 1 after its half-close") {
            [$0.open(1, "/test/Sleep", [], halfClose: true), .init(call: 1, kind: .message(.init()))]
        }
        await check("call 1 was half-closed twice") { [$0.open(1, "/test/SlowCollect", halfClose: true), .init(call: 1, kind: .halfClose(.init()))] }
        await check("call 1 was half-closed inside a message") {
            [$0.open(1, "/test/SlowCollect", [1], continues: true), .init(call: 1, kind: .halfClose(.init()))]
        }
        await check("call 1 was opened with a message that continues, but without its beginning") { [$0.open(1, "/test/SlowCollect", continues: true)] }
        await check("a second Hello") { _ in [.init(kind: .hello(.init(magic: "mien")))] }
        await check("the caller sent a status for call 1: only hosts do that") { [$0.open(1, "/test/Sleep"), .init(call: 1, kind: .status(.init()))] }
    }

    @Test func ofTheConnectionsCredit() async {
        let caller = await RawCaller()
        // Five calls that nobody reads, each within its own window, together above 4 MiB.
        var limits = WireLimits()
        limits.connectionWindowBytes = 4 << 20
        let small = await RawCaller(limits: limits)
        for call in 0..<5 { await small.send(small.open(UInt32(2 * call + 1), "/test/SlowCollect", pattern(1 << 20))) }
        #expect(await small.host.waitUntilEnded() == .protocolViolation("1048576 bytes of message were sent with 0 bytes of the connection's credit left"))
        caller.closeOutput()
        #expect(await caller.host.waitUntilEnded() == .endOfStream)
    }

    @Test(arguments: [
        ("Hello?\n", #"the stream carries text instead of a frame: "Hello?\n""#),
        ("\u{0}\u{0}\u{0}\u{2}\u{8}\u{1}", "the first frame was an empty frame and not a Hello"),
    ])
    func ofTheHandshake(bytes: String, expected: String) async {
        let caller = await RawCaller(handshake: false)
        await caller.send(bytes: Array(bytes.utf8))
        #expect(await caller.host.waitUntilEnded() == .protocolViolation(expected))
        #expect(await callError { _ = try await caller.host.peer() }?.message == expected)
    }

    @Test func aFrameThatCannotBeDecoded() async {
        let caller = await RawCaller()
        await caller.send(bytes: [0, 0, 0, 2, 0x1A, 0x7F])
        guard case .protocolViolation(let text) = await caller.host.waitUntilEnded() else { Issue.record(); return }
        #expect(text.hasPrefix("a frame that cannot be decoded: field open of mien.v1.Frame"))
    }

    @Test func aFrameAboveTheLimit() async {
        let caller = await RawCaller()
        await caller.send(bytes: [1, 0, 0, 1])
        #expect(await caller.host.waitUntilEnded() == .protocolViolation("a frame of 16777217 bytes exceeds the limit of 16777216"))
    }

    @Test func theStreamEndsInsideAFrame() async {
        let caller = await RawCaller()
        await caller.send(bytes: [0, 0, 0, 9, 1])
        caller.closeOutput()
        #expect(await caller.host.waitUntilEnded() == .protocolViolation("the stream ended inside a frame, after 1 of 9 bytes"))
    }

    @Test func noHelloInTime() async {
        let caller = await RawCaller(handshake: false) { $0.handshakeTimeout = .milliseconds(20) }
        #expect(await caller.host.waitUntilEnded() == .protocolViolation("no Hello arrived in time"))
    }
}

@Suite(.timeLimit(.minutes(3))) struct Tolerance {
    @Test func unknownKindsAndFieldsAndEmptyFramesAreIgnored() async {
        let caller = await RawCaller()
        // An empty frame; one of kind 100; an Open with a field 77.
        await caller.send(bytes: [0, 0, 0, 0] + [0, 0, 0, 3, 0xA2, 0x06, 0x00])
        var open = Proto.Open(method: "/test/Unary", message: [4], halfClose: true)
        open.unknownFields = [UnknownField(number: 77, wireType: 0, bytes: [1])]
        await caller.send(Proto.Frame(call: 1, kind: .open(open)))
        #expect(await caller.receiveStatus()?.status.answer == [4])
    }

    @Test func lateFramesOfFinishedCallsAreDroppedAndTheirCreditReturns() async {
        let caller = await RawCaller()
        await caller.send(caller.open(1, "/test/Unary", [1], halfClose: true), caller.open(3, "/test/Nothing"))
        for _ in 0..<2 { _ = await caller.receiveStatus() }
        for call: UInt32 in [1, 3] {
            await caller.send(.init(call: call, kind: .cancel(.init())), .init(call: call, kind: .credit(.init(bytes: 5))),
                              .init(call: call, kind: .halfClose(.init())))
        }
        // More than the connection's window in all, none of which anybody reads.
        var credit: UInt64 = 0
        for _ in 0..<20 {
            await caller.send(.init(call: 3, kind: .message(.init(data: pattern(1 << 20)))))
        }
        await caller.send(.init(kind: .ping(.init(token: 9))))
        while let frame = await caller.receive() {
            if case .credit(let more) = frame.kind, frame.call == 0 { credit += more.bytes }
            if frame.kind == .pong(.init(token: 9)) { break }
        }
        #expect(credit >= 16 << 20)
        caller.closeOutput()
        #expect(await caller.host.waitUntilEnded() == .endOfStream)
    }

    @Test func aCallInSeparateFrames() async {
        let caller = await RawCaller()
        await caller.send(caller.open(7, "/test/Unary"), .init(call: 7, kind: .message(.init(data: [1], continues: true))),
                          .init(call: 7, kind: .message(.init(data: [], continues: true))), .init(call: 7, kind: .message(.init(data: [2]))),
                          .init(call: 7, kind: .halfClose(.init())))
        #expect(await caller.receiveStatus()?.status.answer == [1, 2])
        // All in one, but for the rest of the message.
        await caller.send(caller.open(9, "/test/Unary", [1], continues: true, halfClose: true), .init(call: 9, kind: .message(.init(data: [2]))))
        #expect(await caller.receiveStatus()?.status.answer == [1, 2])
    }

    @Test func aCancelledCallHasExactlyOneStatus() async {
        let caller = await RawCaller()
        await caller.send(caller.open(1, "/test/Sleep", [], halfClose: true), .init(call: 1, kind: .cancel(.init(reason: "why not"))),
                          .init(call: 1, kind: .cancel(.init())), .init(kind: .ping(.init(token: 1))))
        var statuses: [Proto.Status] = []
        while let frame = await caller.receive() {
            if case .status(let status) = frame.kind { statuses.append(status) }
            if case .pong = frame.kind { break }
        }
        #expect(statuses.map(\.code) == [1])
        #expect(statuses.first?.message == "cancelled by the caller: why not")
        caller.closeOutput()
        while let frame = await caller.receive() { #expect(frame.call != 1) }
    }
}

@Suite(.timeLimit(.minutes(3))) struct Refusals {
    /// Opens one call with these frames and returns its status; the connection must survive.
    private func status(limits: WireLimits = .init(), _ frames: (RawCaller) -> [Proto.Frame]) async -> CallError? {
        let caller = await RawCaller(limits: limits)
        await caller.send(bytes: frames(caller).flatMap(\.framed))
        let status = await caller.receiveStatus()
        await caller.send(caller.open(99, "/test/Immediate", [1], halfClose: true))
        while let next = await caller.receiveStatus() {
            if next.call == 99 { #expect(next.status.answer == [1]); break }
        }
        return status.map { CallError($0.status) }
    }

    @Test func wrongNumberOfMessages() async {
        #expect(await status { [$0.open(1, "/test/Unary", halfClose: true)] }
                == CallError(.invalidArgument, "/test/Unary takes one message and got none", reason: "MESSAGE_COUNT"))
        #expect(await status { [$0.open(1, "/test/Unary", [1]), .init(call: 1, kind: .message(.init(data: [2])))] }
                == CallError(.invalidArgument, "/test/Unary takes one message and got more", reason: "MESSAGE_COUNT"))
    }

    @Test func metadataOutsideOfTheRules() async {
        func with(_ metadata: Proto.Metadata...) async -> CallError? {
            await status { [$0.open(1, "/test/Metadata", [], metadata: metadata, halfClose: true)] }
        }
        #expect(await with(.init(name: "X", value: ""))?.reason == "METADATA_NAME")
        #expect(await with(.init(name: "mien-queue", value: ""))?.reason == "METADATA_RESERVED")
        #expect(await with(.init(name: "a", value: String(repeating: "b", count: 4096)), .init(name: "a", value: String(repeating: "b", count: 4096)))?.code
                == .resourceExhausted)
    }

    @Test func aDeadlineThatHasPassed() async {
        #expect(await status { [$0.open(1, "/test/Unary", [], timeout: 0, halfClose: true)] }?.code == .deadlineExceeded)
        #expect(await status { [$0.open(1, "/test/Sleep", [], timeout: 1, halfClose: true)] }?.code == .deadlineExceeded)
        #expect(await status { [$0.open(1, "/test/Unary", [], timeout: .max, halfClose: true)] }?.code == .ok)
    }

    @Test func aMessageAboveTheLimitFailsItsCallOnly() async {
        var limits = WireLimits()
        limits.maxMessageBytes = 1000
        #expect(await status(limits: limits) { [$0.open(1, "/test/Unary", pattern(1001), halfClose: true)] }?.code == .resourceExhausted)
        let error = await status(limits: limits) {
            [$0.open(1, "/test/Collect", pattern(600), continues: true), .init(call: 1, kind: .message(.init(data: pattern(600))))]
        }
        #expect(error?.reason == "MESSAGE_TOO_LARGE")
        #expect(error?.facts == [MetadataEntry("limit", "1000")])
    }

    @Test func moreThanTheCallsCredit() async {
        let error = await status { caller in
            [caller.open(1, "/test/SlowCollect")] + (0..<17).map { _ in .init(call: 1, kind: .message(.init(data: pattern(64 << 10)))) }
        }
        #expect(error?.reason == "CREDIT_EXCEEDED")
    }

    @Test func tooManyUnfinishedMessages() async {
        let caller = await RawCaller()
        for call in 0..<65 { await caller.send(caller.open(UInt32(2 * call + 1), "/test/SlowCollect", [1], continues: true)) }
        let status = await caller.receiveStatus()
        #expect(status?.call == 129)
        #expect(status.map { CallError($0.status).reason } == "TOO_MANY_UNFINISHED_MESSAGES")
    }

    @Test func tooManyCalls() async {
        var limits = WireLimits()
        limits.maxOpenCalls = 2
        let error = await status(limits: limits) { caller in
            [caller.open(1, "/test/Sleep"), caller.open(3, "/test/Sleep"), caller.open(5, "/test/Sleep"), .init(call: 1, kind: .cancel(.init()))]
        }
        #expect(error?.reason == "TOO_MANY_CALLS")
    }

    @Test func theSenderRefusesTooLargeAMessageAndTheCallGoesOn() async throws {
        var limits = WireLimits()
        limits.maxMessageBytes = 1000
        let pair = Pair(hostLimits: limits, callerLimits: limits)
        #expect(await callError { _ = try await pair.caller.unary("/test/Unary", pattern(1001)) }?.code == .resourceExhausted)
        let call = try await pair.caller.call("/test/EchoStream")
        #expect(await callError { try await call.send(pattern(1001)) }?.reason == "MESSAGE_TOO_LARGE")
        try await call.send([1])
        #expect(try await call.next() == [1])
        // The other way round.
        #expect(await callError { _ = try await pair.caller.unary("/test/ImmediateLarge", []) }?.reason == "MESSAGE_TOO_LARGE")
        let expand = try await pair.caller.call("/test/Expand")
        try await expand.send(expandRequest(count: 1, size: 1001))
        expand.halfClose()
        #expect(await callError { _ = try await expand.next() }?.reason == "MESSAGE_TOO_LARGE")
        await pair.close()
    }
}
