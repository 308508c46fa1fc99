import MienJSON
import MienMessages
import MienReflection
import MienWire

/// A conversation with one peer: frames in and out, and the rules that hold in every step of every case, which are checked as frames come. Nothing that a script
/// wants to send is refused.
final class Session {
    struct Incoming {
        let frame: Proto.Frame
        let bytes: [UInt8]
    }

    /// A call, by whichever side it was opened.
    private struct Call {
        var method: String
        /// Payload that the peer may still send, and that we may.
        var allowance: Int
        var credit: Int
        var hasEnded = false
    }

    let peer: Peer
    let role: ConformanceCase.Role
    let descriptors: DescriptorPool
    /// What it said first.
    private(set) var hello: Proto.Hello?
    private(set) var goAway: Proto.GoAway?
    /// Payload is credited back as it comes.
    var givesCredit = true
    private var ours = WireLimits()
    private var calls: [UInt32: Call] = [:]
    private var allowance = 0, credit = 0
    private var queues: [UInt32: ArraySlice<Incoming>] = [:]
    /// The first rule that was broken.
    private var broken: CaseFailure?

    init(_ peer: Peer, _ role: ConformanceCase.Role, _ descriptors: DescriptorPool) {
        (self.peer, self.role, self.descriptors) = (peer, role, descriptors)
        allowance = ours.connectionWindowBytes
        credit = ours.connectionWindowBytes
    }

    var limits: WireLimits { WireLimits(hello?.limits ?? Proto.Limits()) }

    // MARK: Sending

    /// - Parameter bytes: A serialised frame, which need not be a valid one.
    func send(_ bytes: [UInt8], pieces: Int? = nil) {
        if let frame = try? Proto.Frame(decoding: bytes) { note(frame) }
        sendRaw(bigEndian(UInt32(bytes.count)) + bytes, pieces: pieces)
    }

    func send(_ frame: Proto.Frame) { send(frame.encoded()) }

    func sendRaw(_ bytes: [UInt8], pieces: Int? = nil) {
        guard let pieces else { return peer.write(bytes) }
        var rest = bytes[...]
        while !rest.isEmpty {
            peer.write(Array(rest.prefix(pieces)))
            rest = rest.dropFirst(pieces)
            // So that each piece is a write, and a read, of its own.
            while peer.hasUnwritten, !peer.outputHasEnded { peer.pump(until: .now + .milliseconds(20)) }
            peer.pump(until: .now + .milliseconds(1))
        }
    }

    /// What a frame of ours means for the accounts.
    private func note(_ frame: Proto.Frame) {
        switch frame.kind {
        case .hello(let hello):
            ours = WireLimits(hello.limits ?? Proto.Limits())
            allowance = ours.connectionWindowBytes
        case .open(let open) where role != .client:
            if calls[frame.call] == nil { calls[frame.call] = Call(method: open.method, allowance: ours.callWindowBytes, credit: limits.callWindowBytes) }
            spend(open.message?.count ?? 0, frame.call)
        case .message(let message): spend(message.data.count, frame.call)
        case .credit(let more):
            if frame.call == 0 { allowance += Self.bytes(more) } else { calls[frame.call]?.allowance += Self.bytes(more) }
        case .status where role == .client: calls[frame.call]?.hasEnded = true
        default: break
        }
    }

    /// Bounded, because a script may give absurd amounts.
    private static func bytes(_ credit: Proto.Credit) -> Int { Int(min(credit.bytes, 1 << 50)) }

    private func spend(_ count: Int, _ call: UInt32) {
        credit -= count
        calls[call]?.credit -= count
    }

    func method(of call: UInt32) -> String? { calls[call]?.method }
    func hasEnded(_ call: UInt32) -> Bool { calls[call]?.hasEnded ?? false }

    /// Sends a message in chunks, as a well-behaved side does. Stops when the call ends before it is through.
    ///
    /// - Throws: `CaseFailure` if the peer gives no credit, or breaks a rule.
    func sendMessage(_ bytes: [UInt8], call: UInt32, halfClose: Bool, limit: Duration) throws(CaseFailure) {
        let size = min(64 << 10, limits.maxFrameBytes / 2)
        var place = 0
        repeat {
            let chunk = Array(bytes[place..<min(place + size, bytes.count)])
            try pump(limit, expected: "credit for \(chunk.count) bytes more of the \(bytes.count) on call \(call)") {
                hasEnded(call) || min(credit, calls[call]?.credit ?? 0) >= chunk.count
            }
            if hasEnded(call) { return }
            place += chunk.count
            send(Proto.Frame(call: call, kind: .message(Proto.Message(data: chunk, continues: place < bytes.count))))
        } while place < bytes.count
        if halfClose { send(Proto.Frame(call: call, kind: .halfClose(Proto.HalfClose()))) }
    }

    // MARK: Receiving

    /// The next frame of a call, or with number 0 of the connection. Log lines, credit and frames of unknown kinds are not among them.
    ///
    /// - Throws: `CaseFailure` if none comes or a rule is broken.
    func next(_ call: UInt32, limit: Duration, expected: String) throws(CaseFailure) -> Incoming {
        try pump(limit, expected: expected) { queues[call]?.isEmpty == false }
        return queues[call]!.removeFirst()
    }

    /// A frame that nobody should have sent by now.
    func pending(_ call: UInt32) -> Incoming? { queues[call]?.first }

    /// The call that a client has opened and that no script has seen yet.
    func nextOpened(limit: Duration) throws(CaseFailure) -> UInt32 {
        func isOpening(_ queue: ArraySlice<Incoming>) -> Bool { if case .open? = queue.first?.frame.kind { true } else { false } }
        try pump(limit, expected: "a call") { queues.values.contains(where: isOpening) }
        return queues.filter { isOpening($0.value) }.keys.min()!
    }

    func greet(limit: Duration) throws(CaseFailure) { try pump(limit, expected: "a Hello") { hello != nil } }

    /// Waits for something.
    ///
    /// - Throws: `CaseFailure` if it does not happen in time, or cannot happen any more.
    func pump(_ limit: Duration, expected: String, _ isDone: () -> Bool) throws(CaseFailure) {
        let deadline = ContinuousClock.now + limit
        while true {
            try takeFrames()
            if isDone() { return }
            if peer.outputHasEnded { throw CaseFailure(expected: expected, came: endText()) }
            guard ContinuousClock.now < deadline else { throw CaseFailure(expected: expected, came: "nothing of that within \(limit.text)") }
            peer.pump(until: deadline)
        }
    }

    /// Reads and writes for as long as that.
    func pass(_ duration: Duration) throws(CaseFailure) {
        let deadline = ContinuousClock.now + duration
        while ContinuousClock.now < deadline {
            peer.pump(until: deadline)
            try takeFrames()
        }
    }

    /// Waits for the end of its stdout and of the process.
    func end(limit: Duration) throws(CaseFailure) -> Peer.Exit {
        let deadline = ContinuousClock.now + limit
        while peer.exit == nil || !peer.outputHasEnded {
            guard ContinuousClock.now < deadline else {
                throw CaseFailure(expected: "the end of the process within \(limit.text)",
                                  came: peer.exit.map { "\($0), and its stdout is still held open by somebody" } ?? "it still runs")
            }
            peer.pump(until: deadline)
            try takeFrames()
        }
        if !peer.waiting.isEmpty { throw CaseFailure(expected: "whole frames up to the end of its stdout", came: "an end inside a frame, after \(peer.waiting.count) bytes of it") }
        return peer.exit!
    }

    /// How it looks when there is nothing more to come.
    private func endText() -> String {
        // The news of the exit follows closely.
        let deadline = ContinuousClock.now + .milliseconds(500)
        while peer.exit == nil, ContinuousClock.now < deadline { peer.pump(until: deadline) }
        let words = peer.lastWords
        return "the end of its stdout" + (peer.exit.map { ", \($0)" } ?? "") + (goAway.map { "; it sent go_away: \($0.reason)" } ?? "") + (words.isEmpty ? "" : "; it said: \(words)")
    }

    // MARK: The rules of every step

    private func takeFrames() throws(CaseFailure) {
        while broken == nil, let bytes = nextFrame() { take(bytes) }
        if let broken { throw broken }
    }

    private func nextFrame() -> [UInt8]? {
        let waiting = peer.waiting
        guard waiting.count >= 4 else { return nil }
        let length = waiting.prefix(4).reduce(0) { $0 << 8 | Int($1) }
        guard length <= ours.maxFrameBytes else {
            let text = String(decoding: waiting.prefix(60), as: UTF8.self).map { $0.isASCII && $0 >= " " ? $0 : "?" }
            broken = CaseFailure(expected: "frames of at most \(ours.maxFrameBytes) bytes and nothing else on stdout",
                                 came: length < WireLimits.frameBytesBound ? "a length of \(length)" : "\"\(String(text))\"")
            return nil
        }
        guard waiting.count >= 4 + length else { return nil }
        let frame = Array(waiting.dropFirst(4).prefix(length))
        peer.take(4 + length)
        return frame
    }

    private func take(_ bytes: [UInt8]) {
        let frame: Proto.Frame
        do {
            frame = try Proto.Frame(decoding: bytes, limits: MessageLimits.standard)
        } catch {
            return breaks("frames that can be decoded", "\(bytes.count) bytes that are none: \(error)")
        }
        guard hello != nil else { return takeHello(frame, bytes) }
        switch frame.kind {
        case nil, .log: return
        case .hello: return breaks("one Hello", "a second one")
        case .goAway(let goAway): self.goAway = self.goAway ?? goAway
        case .ping(let ping): return send(Proto.Frame(kind: .pong(Proto.Pong(token: ping.token))))
        case .pong: break
        case .credit(let more):
            if frame.call == 0 { credit += Self.bytes(more) } else { calls[frame.call]?.credit += Self.bytes(more) }
            if frame.call != 0, calls[frame.call] == nil { breaks("frames of calls that were opened", "credit for call \(frame.call)") }
            return
        case .open(let open):
            guard role == .client else { return breaks("no calls from the side that answers", "it opened call \(frame.call)") }
            guard frame.call % 2 == 1, frame.call > calls.keys.max() ?? 0 else { return breaks("odd numbers of calls that rise", "call \(frame.call)") }
            calls[frame.call] = Call(method: open.method, allowance: ours.callWindowBytes, credit: limits.callWindowBytes)
            receive(open.message?.count ?? 0, frame.call)
        case .message, .status, .cancel, .halfClose:
            guard let call = calls[frame.call] else { return breaks("frames of calls that were opened", "one of call \(frame.call)") }
            takeOfCall(frame, call)
        }
        guard broken == nil else { return }
        if role == .client, hasEnded(frame.call) { return }
        queues[frame.call, default: []].append(Incoming(frame: frame, bytes: bytes))
    }

    private func takeOfCall(_ frame: Proto.Frame, _ call: Call) {
        if role == .client {
            // Late frames of a call that has ended may be on their way.
            if case .message(let message) = frame.kind { receive(message.data.count, frame.call) }
            if case .status = frame.kind { breaks("calls and no answers from a client", "a status for call \(frame.call)") }
            return
        }
        guard !call.hasEnded else { return breaks("no more frames of a call after its status", "another one of call \(frame.call)") }
        switch frame.kind {
        case .message(let message): receive(message.data.count, frame.call)
        case .status(let status):
            calls[frame.call]?.hasEnded = true
            if status.code > 16 { breaks("one of gRPC's 17 codes", "code \(status.code)") }
        default: breaks("messages and a status from the side that answers", "a cancel or half_close of call \(frame.call)")
        }
    }

    private func takeHello(_ frame: Proto.Frame, _ bytes: [UInt8]) {
        guard case .hello(let hello) = frame.kind, frame.call == 0 else {
            return breaks("a Hello as the first frame", "another frame: \(Matcher.shown(json(bytes)))")
        }
        if hello.magic != Handshake.magic { return breaks("the magic \"mien\" in its Hello", "\"\(hello.magic.prefix(40))\"") }
        guard hello.minMajor <= 1, hello.maxMajor >= 1, hello.minMajor >= 1 else {
            return breaks("a range of protocol versions that has 1 in it", "\(hello.minMajor)-\(hello.maxMajor)")
        }
        let limit = WireLimits(hello.limits ?? Proto.Limits()).maxFrameBytes
        guard (WireLimits.smallestMaxFrameBytes..<WireLimits.frameBytesBound).contains(limit) else {
            return breaks("a largest frame of 64 KiB up to 128 MiB in its Hello", "\(limit) bytes")
        }
        self.hello = hello
        credit = limits.connectionWindowBytes
    }

    private func receive(_ count: Int, _ call: UInt32) {
        allowance -= count
        calls[call]?.allowance -= count
        guard allowance >= 0, calls[call]?.allowance ?? 0 >= 0 else { return breaks("no more payload than it had credit for", "\(count) bytes on call \(call) beyond that") }
        guard givesCredit, count > 0 else { return }
        for number in [0, call] { send(Proto.Frame(call: number, kind: .credit(Proto.Credit(bytes: UInt64(count))))) }
    }

    private func breaks(_ expected: String, _ came: String) {
        guard broken == nil else { return }
        var failure = CaseFailure(expected: expected, came: came)
        failure.place = CaseFailure.standingRule
        broken = failure
    }

    func json(_ bytes: [UInt8]) -> JSONValue {
        (try? descriptors.messageToJSON("mien.v1.Frame", bytes)) ?? .string("\(bytes.count) bytes that are no frame")
    }
}

extension Duration {
    /// "250 ms", "10 s"
    var text: String {
        let milliseconds = components.seconds * 1000 + components.attoseconds / 1_000_000_000_000_000
        return milliseconds % 1000 == 0 ? "\(milliseconds / 1000) s" : "\(milliseconds) ms"
    }
}
