import MienMessages
@testable import MienWire
import Testing

@Suite struct InboundMessagesTests {
    @Test func chunksBecomeMessages() throws {
        var inbound = InboundMessages(window: 100, maxMessageBytes: 1000)
        #expect(try inbound.receive([1, 2], continues: true) == nil)
        #expect(try inbound.receive([], continues: true) == nil)
        #expect(try inbound.receive([3], continues: false) == 3)
        #expect(try inbound.receive([], continues: false) == 0)
        try inbound.halfClose()
        #expect(inbound.take() == [1, 2, 3])
        #expect(inbound.take() == [])
        #expect(inbound.take() == nil)
        #expect(inbound.isComplete)
    }

    @Test func theRulesOfHalfClose() throws {
        var inbound = InboundMessages(window: 100, maxMessageBytes: 1000)
        _ = try inbound.receive([1], continues: true)
        #expect(throws: InboundMessages.Fault.halfCloseInsideMessage) { try inbound.halfClose() }
        try inbound.halfClose(afterFirst: true)
        #expect(!inbound.isComplete)
        #expect(try inbound.receive([2], continues: false) == 2)
        #expect(inbound.isComplete)
        #expect(throws: InboundMessages.Fault.afterHalfClose) { try inbound.receive([2], continues: false) }
        #expect(throws: InboundMessages.Fault.afterHalfClose) { try inbound.halfClose() }
    }

    @Test func limitsOfSizeAndCredit() throws {
        var inbound = InboundMessages(window: 100, maxMessageBytes: 120)
        #expect(throws: InboundMessages.Fault.windowExceeded) { try inbound.receive(pattern(101), continues: false) }
        _ = try inbound.receive(pattern(100), continues: true)
        inbound.reserve()
        #expect(inbound.takeCredit() == 100)
        #expect(throws: InboundMessages.Fault.messageTooLarge) { try inbound.receive(pattern(21), continues: true) }
    }

    @Test func emptyMessagesNeedNoCreditButAreBounded() throws {
        var inbound = InboundMessages(window: 100, maxMessageBytes: 120)
        for _ in 0..<InboundMessages.maxUnreadEmptyMessages { _ = try inbound.receive([], continues: false) }
        #expect(throws: InboundMessages.Fault.tooManyEmptyMessages) { try inbound.receive([], continues: false) }
        _ = inbound.take()
        #expect(try inbound.receive([], continues: false) == 0)
    }

    @Test func creditReturnsWhenMessagesAreRead() throws {
        var inbound = InboundMessages(window: 100, maxMessageBytes: 1000)
        _ = try inbound.receive(pattern(60), continues: false)
        #expect(inbound.takeCredit() == 0)
        #expect(inbound.take()?.count == 60)
        #expect(inbound.takeCredit() == 60)
        #expect(inbound.allowance == 100)
        // A little is not worth a frame.
        _ = try inbound.receive(pattern(10), continues: false)
        _ = inbound.take()
        #expect(inbound.takeCredit() == 0)
    }

    @Test func aMessageLargerThanTheWindowNeedsAReservation() throws {
        var inbound = InboundMessages(window: 100, maxMessageBytes: 1000)
        _ = try inbound.receive(pattern(100), continues: true)
        #expect(inbound.takeCredit() == 0)
        #expect(inbound.needsReservation)
        inbound.reserve()
        var size = 100
        while size < 900 {
            #expect(inbound.takeCredit() == 100)
            size += 100
            #expect(try inbound.receive(pattern(100), continues: size < 900) == (size < 900 ? nil : 900))
        }
        inbound.endReservation()
        // Unread, it holds the window shut.
        #expect(inbound.takeCredit() == 0)
        #expect(inbound.take()?.count == 900)
        #expect(inbound.takeCredit() == 100)
    }
}

@Suite struct MemoryBounds {
    @Test func theConnectionsWindowClosesOverHeldBytes() {
        var budget = ReceiveBudget(window: 100)
        #expect(budget.receive(80) == true)
        budget.hold(80)
        #expect(budget.takeCredit() == 0)
        #expect(budget.receive(21) == false)
        budget.release(80)
        #expect(budget.takeCredit() == 80)
    }

    @Test func largeMessagesTakeTurns() {
        var large = LargeMessages(maxMessageBytes: 100)
        #expect(large.request(1) == true)
        #expect(large.request(3) == true)
        #expect(large.request(5) == true)
        #expect(large.request(7) == false)
        #expect(large.request(9) == false)
        #expect(large.admit() == nil)
        // 1 turns out to be small; there is still no room for another of full size.
        large.settle(1, 40)
        #expect(large.admit() == nil)
        large.settle(3, 50)
        #expect(large.admit() == 7)
        large.remove(9)
        large.release(1, 40)
        large.remove(5)
        #expect(large.admit() == nil)
        #expect(large.request(11) == true)
    }

    @Test func deadlinesComeOutInOrderAndForgetFinishedCalls() {
        var deadlines = Deadlines()
        let start = ContinuousClock.now
        for call in 0..<1000 { deadlines.insert(UInt32(call), at: start + .milliseconds((call * 7919) % 1000)) }
        for call in 0..<990 { deadlines.remove(UInt32(call)) }
        var out: [UInt32] = []
        while let call = deadlines.popExpired(start + .seconds(2)) { out.append(call) }
        #expect(out.sorted() == (990..<1000).map { UInt32($0) })
        #expect(out == out.sorted { ($0 * 7919) % 1000 < ($1 * 7919) % 1000 })
        #expect(deadlines.popExpired(start + .seconds(9)) == nil)
    }

    @Test func logLinesAreLimitedAndTheLostOnesCounted() {
        var limiter = LogLimiter(burst: 3, perSecond: 10)
        let start = ContinuousClock.now
        for _ in 0..<3 { #expect(limiter.admit(start, isCongested: false) == 0) }
        #expect(limiter.admit(start, isCongested: false) == nil)
        #expect(limiter.admit(start, isCongested: false) == nil)
        #expect(limiter.admit(start + .milliseconds(100), isCongested: false) == 2)
        #expect(limiter.admit(start + .seconds(9), isCongested: true) == nil)
        #expect(limiter.admit(start + .seconds(9), isCongested: false) == 1)
    }
}

@Suite struct Sending {
    private func state(window: Int = 1 << 20, connectionWindow: Int = 16 << 20) -> ConnectionState {
        var state = ConnectionState(role: .caller, limits: .init())
        var limits = WireLimits()
        limits.callWindowBytes = window
        limits.connectionWindowBytes = connectionWindow
        let hello = Handshake.hello(name: "", version: "", pid: 0, limits: limits, features: [])
        #expect(state.receive(Proto.Frame(kind: .hello(hello)), now: .now) == nil)
        return state
    }

    private func add(_ state: inout ConnectionState, _ messages: [UInt8]...) -> UInt32 {
        let id = try! state.openStream("/a/b", [], nil, now: .now, .init()).get()
        for message in messages {
            state.calls[id]!.outbound.append(message)
            state.queuedMessageBytes += message.count
        }
        state.schedule(state.calls[id]!)
        return id
    }

    /// Calls and sizes of the chunks in the order of sending.
    private func chunks(_ state: inout ConnectionState) -> [(UInt32, Int)] {
        var out: [(UInt32, Int)] = []
        while let batch = state.takeBatch() {
            for case .chunk(let call, let bytes, _) in batch.items { out.append((call, bytes.count)) }
        }
        return out
    }

    @Test func callsTakeTurns() {
        var state = state()
        let first = add(&state, pattern(200_000)), second = add(&state, pattern(200_000)), small = add(&state, [1])
        let order = chunks(&state).map(\.0)
        #expect(order == [first, second, small, first, second, first, second, first, second])
        #expect(state.unfinishedOutbound == 0)
        #expect(state.queuedMessageBytes == 0)
    }

    @Test func aCallWithoutCreditDoesNotStopOthers() {
        var state = state(window: 100)
        let first = add(&state, pattern(150)), second = add(&state, pattern(80))
        #expect(chunks(&state).map { [Int($0.0), $0.1] } == [[Int(first), 100], [Int(second), 80]])
        #expect(state.blockedOutbound == 1)
        #expect(state.receive(Proto.Frame(call: first, kind: .credit(.init(bytes: 20))), now: .now) == nil)
        #expect(chunks(&state).map(\.1) == [20])
        #expect(state.receive(Proto.Frame(call: first, kind: .credit(.init(bytes: 100))), now: .now) == nil)
        #expect(chunks(&state).map(\.1) == [30])
        #expect(state.blockedOutbound == 0 && state.unfinishedOutbound == 0)
    }

    @Test func theConnectionsCreditBoundsAllCallsTogether() {
        var state = state(connectionWindow: 100_000)
        let first = add(&state, pattern(80_000)), second = add(&state, pattern(80_000))
        #expect(chunks(&state).map(\.1).reduce(0, +) == 100_000)
        #expect(state.receive(Proto.Frame(kind: .credit(.init(bytes: 200_000))), now: .now) == nil)
        let rest = chunks(&state)
        #expect(rest.map(\.1).reduce(0, +) == 60_000)
        #expect(Set(rest.map(\.0)).isSubset(of: [first, second]))
    }

    @Test func onlySoManyMessagesAreUnderWayAtOnce() {
        var state = state(connectionWindow: 64 << 20)
        for _ in 0..<200 { _ = add(&state, pattern(100_000)) }
        var open: Set<UInt32> = [], most = 0
        while let batch = state.takeBatch() {
            for case .chunk(let call, _, let continues) in batch.items {
                if continues { open.insert(call) } else { open.remove(call) }
                most = max(most, open.count)
            }
        }
        #expect(most == ConnectionState.maxActiveMessages)
        #expect(state.queuedMessageBytes == 0)
        #expect(state.deferred.isEmpty)
    }

    @Test func messagesBlockedByTheirReadersLeaveRoomForOthers() {
        var state = state(window: 70_000)
        let blocked = (0..<40).map { _ in add(&state, pattern(100_000)) }
        _ = chunks(&state)
        #expect(state.blockedOutbound == 40)
        let other = add(&state, pattern(69_000))
        #expect(chunks(&state).map(\.0) == [other, other])
        for id in blocked { state.cancelOwn(id, CallError(.cancelled, "")) }
        #expect(state.blockedOutbound == 0 && state.unfinishedOutbound == 0 && state.queuedMessageBytes == 0)
    }

    @Test func creditThatIsAbsurdIsAViolation() {
        var state = state()
        let id = add(&state)
        #expect(state.receive(Proto.Frame(kind: .credit(.init(bytes: .max))), now: .now) != nil)
        #expect(state.receive(Proto.Frame(call: id, kind: .credit(.init(bytes: .max))), now: .now) != nil)
    }

    @Test func statusMessagesAreCutAtACharacter() {
        #expect("größe".cut(toBytes: 3) == "gr")
        #expect("größe".cut(toBytes: 4) == "grö")
        #expect("abc".cut(toBytes: 3) == "abc")
        #expect(CallError(.internalError, String(repeating: "ö", count: 9000)).status.message.utf8.count == 4096)
    }

    @Test func queuesKeepTheirOrder() {
        var queue = Queue<Int>()
        var next = 0, expected = 0
        var random = SplitMix(state: 5)
        for _ in 0..<10_000 {
            if Bool.random(using: &random) { queue.append(next); next += 1 } else if let out = queue.popFirst() { #expect(out == expected); expected += 1 }
            #expect(queue.count == next - expected)
        }
        #expect(queue.removeAll() == Array(expected..<next))
    }
}
