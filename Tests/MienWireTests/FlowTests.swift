import MienMessages
@testable import MienWire
import Testing

@Suite(.timeLimit(.minutes(2))) struct Flow {
    @Test(arguments: Link.allCases) func aReaderThatDoesNotReadStopsTheSender(link: Link) async throws {
        let pair = Pair(link)
        let call = try await pair.caller.call("/test/Expand")
        try await call.send(expandRequest(count: 1000, size: 100_000))
        call.halfClose()
        // The window is 1 MiB; the sender may be as much ahead of the writer.
        try await pair.methods.taken.reaches(10)
        try await Task.sleep(for: .milliseconds(200))
        #expect(pair.methods.taken.count <= 21)
        #expect(pair.caller.perform { state in state.calls.values.reduce(0) { $0 + $1.inbound.readyBytes + $1.inbound.partial.count } } <= 1 << 20)
        var count = 0
        while try await call.next() != nil { count += 1 }
        #expect(count == 1000)
        await pair.close()
    }

    @Test func aHandlerThatDoesNotReadStopsTheCaller() async throws {
        let pair = Pair()
        let call = try await pair.caller.call("/test/SlowCollect")
        let sent = Counter()
        let task = Task {
            for _ in 0..<1000 { try await call.send(pattern(100_000)); sent.increment() }
        }
        try await sent.reaches(10)
        try await Task.sleep(for: .milliseconds(200))
        #expect(sent.count <= 21)
        call.cancel()
        #expect(await task.result.mapError { ($0 as? CallError)?.code == .cancelled ? CallError(.cancelled, "") : CallError(.unknown, "\($0)") }.error?.code == .cancelled)
        await pair.close()
    }

    @Test(arguments: Link.allCases) func aPhotoOf30MBDoesNotHoldUpSmallCalls(link: Link) async throws {
        let pair = Pair(link)
        let done = Counter()
        let large = Task {
            let answer = try await pair.caller.unary("/test/Gate", pattern(30_000_000))
            done.increment()
            return answer.message.count
        }
        try await until { pair.caller.openCalls == 1 }
        try await withThrowingTaskGroup(of: Void.self) { group in
            for _ in 0..<20 { group.addTask { _ = try await pair.caller.unary("/test/Immediate", pattern(1000)) } }
            try await group.waitForAll()
        }
        #expect(done.count == 0)
        // Work on a message larger than the connection's window does not use up the window.
        try await pair.methods.started.reaches(1)
        #expect(try await pair.caller.unary("/test/Unary", pattern(900_000)).message.count == 900_000)
        pair.methods.gate.increment()
        #expect(try await large.value == 30_000_000)
        await pair.close()
    }

    @Test func manyLargeMessagesAtOnceAllPass() async throws {
        var limits = WireLimits()
        limits.callWindowBytes = 64 << 10
        limits.connectionWindowBytes = 256 << 10
        limits.maxMessageBytes = 2 << 20
        let pair = Pair(hostLimits: limits, callerLimits: limits)
        try await withThrowingTaskGroup(of: Void.self) { group in
            for index in 0..<100 {
                group.addTask {
                    let size = 10_000 * index + 1
                    let answer = try await pair.caller.unary("/test/Unary", pattern(size))
                    #expect(answer.message.count == size)
                }
            }
            try await group.waitForAll()
        }
        try await until { pair.host.openCalls == 0 }
        pair.host.perform { state in
            #expect(state.budget.held == 0 && state.unfinishedInbound == 0 && state.unfinishedOutbound == 0 && state.queuedMessageBytes == 0)
            #expect(state.blockedOutbound == 0 && state.runningHandlers == 0)
        }
        await pair.close()
    }

    @Test func creditOfCancelledCallsReturns() async throws {
        var limits = WireLimits()
        limits.callWindowBytes = 64 << 10
        limits.connectionWindowBytes = 128 << 10
        let pair = Pair(hostLimits: limits, callerLimits: limits)
        for _ in 0..<50 {
            let call = try await pair.caller.call("/test/SlowCollect")
            try await call.send(pattern(50_000))
            call.cancel()
        }
        for _ in 0..<50 {
            let call = try await pair.caller.call("/test/Expand")
            try await call.send(expandRequest(count: 3, size: 50_000))
            call.halfClose()
            _ = try await call.next()
            call.cancel()
        }
        #expect(try await pair.caller.unary("/test/Unary", pattern(500_000)).message.count == 500_000)
        await pair.close()
    }

    @Test func aCallerThatDoesNotReadStopsTheHostsReader() async throws {
        let caller = await RawCaller(.sockets)
        // Nobody reads the answers: after what the socket and the limit hold, the host stops reading.
        let sent = Counter()
        let frame = { (call: Int) in caller.open(UInt32(2 * call + 1), "/test/Immediate", pattern(30_000), halfClose: true) }
        let sender = Task {
            for call in 0..<600 { await caller.send(frame(call)); sent.increment() }
        }
        try await until { caller.host.perform { $0.isReaderPaused } }
        let bytes = caller.host.perform { $0.controlBytes }
        #expect(bytes <= ConnectionState.maxControlBytes + (1 << 20))
        #expect(sent.count < 600)
        for _ in 0..<600 { #expect(await caller.receiveStatus()?.status.answer?.count == 30_000) }
        await sender.value
        #expect(caller.host.openCalls == 0)
    }
}

extension Result {
    var error: Failure? { if case .failure(let error) = self { error } else { nil } }
}

@Suite(.timeLimit(.minutes(3))) struct TheEnd {
    @Test func theEndOfInputLetsUnaryCallsFinish() async throws {
        let caller = await RawCaller { $0.drainLimit = .seconds(50) }
        await caller.send(caller.open(1, "/test/Gate", [150], halfClose: true), caller.open(3, "/test/Collect", [1]), caller.open(5, "/test/Unary", [1]))
        try await caller.methods.started.reaches(2)
        caller.closeOutput()
        var statuses: [UInt32: Proto.Status] = [:]
        while let (call, status) = await caller.receiveStatus() {
            statuses[call] = status
            if statuses.count == 2 { caller.methods.gate.increment() }
        }
        #expect(statuses[1]?.code == 0 && statuses[1]?.answer == [150])
        #expect(statuses[3]?.code == 1)
        #expect(statuses[5]?.code == 1)
        #expect(await caller.host.waitUntilEnded() == .endOfStream)
    }

    @Test func theEndOfInputWaitsOnlySoLong() async throws {
        let caller = await RawCaller { $0.drainLimit = .milliseconds(50) }
        await caller.send(caller.open(1, "/test/Sleep", [], halfClose: true))
        try await caller.methods.started.reaches(1)
        caller.closeOutput()
        #expect(await caller.receiveStatus()?.status.code == 1)
        #expect(await caller.host.waitUntilEnded() == .endOfStream)
        try await caller.methods.cancelled.reaches(1)
    }

    @Test func theEndOfInputBeforeHello() async {
        let caller = await RawCaller(handshake: false)
        caller.closeOutput()
        #expect(await caller.host.waitUntilEnded() == .endOfStream)
        #expect(await callError { _ = try await caller.host.peer() }?.code == .unavailable)
    }

    @Test(arguments: Link.allCases) func drainingFinishesWhatRunsAndRefusesTheRest(link: Link) async throws {
        let pair = Pair(link)
        let running = Task { try await pair.caller.unary("/test/Gate", [200]).message }
        try await pair.methods.started.reaches(1)
        let drained = Task { await pair.host.drain(limit: .seconds(30), reason: "new version") }
        try await until { pair.caller.perform { $0.goneAway != nil } }
        let error = await callError { _ = try await pair.caller.unary("/test/Unary", []) }
        #expect(error?.code == .unavailable && error?.reason == "NOT_PROCESSED")
        #expect(error?.message.contains("new version") == true)
        pair.methods.gate.increment()
        #expect(try await running.value == [200])
        await drained.value
        #expect(await pair.host.waitUntilEnded() == .drained)
        #expect(await pair.caller.waitUntilEnded() == .endOfStream)
    }

    @Test func drainingCancelsWhatTakesTooLong() async throws {
        let pair = Pair()
        let running = Task { await callError { _ = try await pair.caller.unary("/test/Sleep", []) } }
        try await pair.methods.started.reaches(1)
        await pair.host.drain(limit: .milliseconds(30), reason: "")
        #expect(await running.value?.code == .unavailable)
        #expect(await pair.caller.waitUntilEnded() == .endOfStream)
        try await pair.methods.cancelled.reaches(1)
    }

    @Test func aCallThatCrossesGoAwayIsRefusedAsRepeatable() async throws {
        let caller = await RawCaller()
        await caller.send(caller.open(1, "/test/Sleep", [], halfClose: true))
        try await caller.methods.started.reaches(1)
        let drained = Task { await caller.host.drain(limit: .seconds(30), reason: "") }
        while let frame = await caller.receive() {
            if case .goAway(let goAway) = frame.kind { #expect(goAway.lastCall == 1); break }
        }
        await caller.send(caller.open(3, "/test/Unary", [], halfClose: true))
        let late = await caller.receiveStatus()
        #expect(late?.call == 3)
        #expect(late.map { CallError($0.status) }?.reason == "DRAINING")
        await caller.send(.init(call: 1, kind: .cancel(.init())))
        #expect(await caller.receiveStatus()?.call == 1)
        await drained.value
    }

    @Test(arguments: Link.allCases) func callsFailWhenTheHostGoes(link: Link) async throws {
        let pair = Pair(link)
        let running = Task { await callError { _ = try await pair.caller.unary("/test/Sleep", []) } }
        let stream = try await pair.caller.call("/test/EchoStream")
        try await stream.send([1])
        _ = try await stream.next()
        try await pair.methods.started.reaches(2)
        pair.host.abort(reason: "crash")
        #expect(await running.value?.code == .unavailable)
        #expect(await callError { _ = try await stream.next() }?.code == .unavailable)
        #expect(await callError { try await stream.send([1]) }?.code == .unavailable)
        #expect(await callError { _ = try await pair.caller.unary("/test/Unary", []) }?.code == .unavailable)
        #expect(await callError { _ = try await pair.caller.ping() }?.code == .unavailable)
        #expect(await pair.host.waitUntilEnded() == .ioError("crash"))
        _ = await pair.caller.waitUntilEnded()
    }

    @Test func anAbortedConnectionWhoseOtherSideDoesNotReadEndsAllTheSame() async throws {
        let caller = await RawCaller()
        let sender = Task {
            for call in 0..<300 { await caller.send(caller.open(UInt32(2 * call + 1), "/test/Immediate", pattern(30_000), halfClose: true)) }
        }
        try await until { caller.host.perform { $0.writer == .thread } }
        caller.host.abort(reason: "enough")
        #expect(await caller.host.waitUntilEnded() == .ioError("enough"))
        await sender.value
    }

    @Test func logLinesArriveWithTheirCall() async throws {
        let lines = LogLines()
        let pair = Pair(configureCaller: { $0.onLog = { call, level, source, message in lines.add("\(call) \(level) \(source) \(message)") } })
        _ = try await pair.host.peer()
        let elapsed = ContinuousClock().measure {
            for index in 0..<300 { pair.host.log(level: 3, source: "host", message: "line \(index)") }
        }
        _ = try await pair.host.ping()
        _ = try await pair.caller.ping()
        #expect(lines.all.first == "0 3 host line 0")
        // A burst of 200, and 100 a second for as long as it took.
        #expect((200...201 + Int(elapsed / .seconds(1) * 100)).contains(lines.all.count))
        await pair.close()
    }

    @Test func aTraceHoldsBothDirections() async throws {
        let directory = temporaryDirectory()
        let pair = Pair(configureHost: { $0.traceDirectory = directory })
        _ = try await pair.caller.unary("/test/Unary", pattern(100_000))
        _ = try await pair.caller.unary("/test/Unary", [1, 2, 3])
        let path = try #require(pair.host.trace?.path)
        await pair.close()
        let bytes = readFile(path)
        #expect(bytes.prefix(8) == Trace.magic[...])
        var at = 8, kinds: [String] = []
        while at < bytes.count {
            let size = bytes[(at + 9)..<(at + 13)].reduce(0) { $0 << 8 | Int($1) }
            let frame = try Proto.Frame(decoding: Array(bytes[(at + 13)..<(at + 13 + size)]))
            kinds.append("\(bytes[at + 8] == Trace.Direction.incoming.rawValue ? "<" : ">") \(frame.kindName)")
            at += 13 + size
        }
        #expect(kinds.contains("< a Hello") && kinds.contains("> a Hello"))
        #expect(kinds.filter { $0 == "< an Open" }.count == 2)
        #expect(kinds.filter { $0 == "< a Message" }.count == 2)
        #expect(kinds.filter { $0 == "> a Message" }.count == 2)
        #expect(kinds.filter { $0 == "> a Status" }.count == 2)
    }
}
