import CProcess
import MienMessages
import Synchronization
#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#elseif canImport(Darwin)
import Darwin
#endif

extension Connection {
    // MARK: Reading

    func readLoop(_ writer: Thread) {
        mien_name_thread("mien-reader")
        var buffer = FrameBuffer(maxFrameBytes: configuration.limits.maxFrameBytes)
        let handshakeDeadline = configuration.handshakeTimeout.map { ContinuousClock.now + $0 }
        while true {
            let plan = perform { $0.plan(now: .now, handshakeDeadline: handshakeDeadline, drainLimit: configuration.drainLimit) }
            flush()
            switch plan {
            case .finish(let end): return finish(end, writer)
            case .wait(let until): wait(until)
            case .read(let until): if waitForInput(until) { readBatch(&buffer) }
            }
        }
    }

    private func wait(_ until: ContinuousClock.Instant?) {
        if pollDescriptors(-1, 0, readerWake.descriptor, milliseconds(until)).second != 0 { readerWake.reset() }
    }

    /// True if there is something to read (or to find out about the input).
    private func waitForInput(_ until: ContinuousClock.Instant?) -> Bool {
        let ready = pollDescriptors(input.number, CInt(POLLIN), readerWake.descriptor, milliseconds(until))
        if ready.second != 0 { readerWake.reset() }
        return ready.first != 0
    }

    private func milliseconds(_ until: ContinuousClock.Instant?) -> CInt {
        guard let until else { return -1 }
        let (seconds, attoseconds) = (until - .now).components
        guard seconds >= 0, attoseconds >= 0 else { return 0 }
        // Rounded up: waking too early would only mean to wait again.
        return CInt(clamping: min(seconds, 1 << 20) * 1000 + (attoseconds + 999_999_999_999_999) / 1_000_000_000_000_000)
    }

    /// Reads once and handles every complete frame; replies go out together.
    private func readBatch(_ buffer: inout FrameBuffer) {
        var outcome = InputDescriptor.Outcome.nothing
        _ = buffer.fill { space in
            outcome = input.read(into: space)
            if case .bytes(let count) = outcome { return count }
            return 0
        }
        let now = ContinuousClock.now
        switch outcome {
        case .nothing: return
        case .end:
            let truncation = buffer.truncation.map { ProtocolViolation($0) }
            return perform { state in
                if let truncation { state.violate(truncation, now: now) } else { state.endInput(now: now, drainLimit: configuration.drainLimit) }
            }
        case .failed(let error):
            let text = "reading failed: \(errorText(error))"
            return perform { $0.close(.ioError(text), CallError(.unavailable, text, reason: "CONNECTION_LOST"), now: now) }
        case .bytes: break
        }
        var replies = Replies()
        do throws(ProtocolViolation) {
            while let frame = try nextFrame(&buffer) {
                if let violation = handle(frame, &replies, now) { throw violation }
                if replies.bytes.count > 64 << 10 { hand(&replies) }
            }
            hand(&replies)
        } catch {
            hand(&replies)
            perform { $0.violate(error, now: now) }
        }
        flush()
    }

    /// Replies of immediate handlers, collected without the lock.
    private struct Replies {
        var bytes: [UInt8] = []
        var ends = 0
    }

    private func hand(_ replies: inout Replies) {
        guard !replies.bytes.isEmpty else { return }
        let (bytes, ends) = (replies.bytes, replies.ends)
        perform { state in
            if state.control.isEmpty { state.control = bytes } else { state.control.append(contentsOf: bytes) }
            state.controlEnds += ends
        }
        flush()
        replies = Replies()
    }

    private func nextFrame(_ buffer: inout FrameBuffer) throws(ProtocolViolation) -> Proto.Frame? {
        let result = try buffer.next { bytes in
            trace?.record(.incoming, bytes)
            return Result<Proto.Frame, MessageError> { () throws(MessageError) in try Proto.Frame(decoding: bytes, limits: .frame) }
        }
        switch result {
        case .success(let frame): return frame
        case .failure(let error): throw ProtocolViolation("a frame that cannot be decoded: \(error.description)")
        case nil: return nil
        }
    }

    private func handle(_ frame: Proto.Frame, _ replies: inout Replies, _ now: ContinuousClock.Instant) -> ProtocolViolation? {
        guard case .open(let open) = frame.kind else { return perform { $0.receive(frame, now: now) } }
        let handler = Result<MethodHandler, CallError> { () throws(CallError) in try resolver(open.method) }
        switch perform({ $0.receiveOpen(frame.call, open, handler, now: now) }) {
        case .done: return nil
        case .violation(let violation): return violation
        case .immediate(let call, let request, let answer):
            reply(call, request, answer, &replies)
            return nil
        }
    }

    private func reply(_ call: IncomingCall, _ request: [UInt8], _ handler: (IncomingCall, [UInt8]) throws -> [UInt8], _ replies: inout Replies) {
        let result: Result<[UInt8], CallError>
        do {
            result = .success(try handler(call, request))
        } catch let later as AnswerLater {
            perform { $0.adopt(call) }
            return spawn(call) { try await later.answer() }
        } catch {
            result = .failure(CallError(converting: error))
        }
        let limit = perform { min($0.peer!.limits.chunkBytes, $0.peer!.limits.maxMessageBytes) }
        var status: Proto.Status
        switch result {
        case .success(let answer) where answer.count <= limit:
            status = Proto.Status(metadata: .init(Metadata.fitting(call.end(nil))), answer: answer)
        case .success(let answer):
            return perform { $0.finishUncounted(call, answer) }
        case .failure(var error):
            error.metadata += call.end(nil)
            status = error.status
        }
        Proto.Frame(call: call.id, kind: .status(status)).append(to: &replies.bytes, framed: true)
        replies.ends += 1
    }

    // MARK: Writing

    /// Writes what can be written without waiting, unless another thread is at it. What remains is left to the writer thread.
    func flush() {
        guard var batch = perform({ $0.beginWriting() }) else { return }
        for round in 1... {
            let bytes = encode(batch)
            switch writeNow(bytes) {
            case .success(let rest) where rest.isEmpty && round < 4:
                guard let next = perform({ $0.continueWriting() }) else { return }
                batch = next
            case .success(let rest):
                if perform({ $0.handOver(rest) }) { writerWake.signal() }
                return
            case .failure(let failure): return perform { $0.failOutput(failure.end) }
            }
        }
    }

    func writeLoop() {
        mien_name_thread("mien-writer")
        while !mustStopWriting.load(ordering: .acquiring) {
            _ = pollDescriptors(-1, 0, writerWake.descriptor, -1)
            writerWake.reset()
            var next = perform { $0.writer == .thread ? $0.continueWriting() : nil }
            while let batch = next {
                switch writeAll(encode(batch)) {
                case .success: next = perform { $0.continueWriting() }
                case .failure(let failure):
                    perform { $0.failOutput(failure.end) }
                    next = nil
                }
            }
        }
    }

    private struct WriteFailure: Error { let end: ConnectionEnd }

    /// Writes as much as fits; returns the rest.
    private func writeNow(_ bytes: ArraySlice<UInt8>) -> Result<ArraySlice<UInt8>, WriteFailure> {
        guard !bytes.isEmpty else { return .success(bytes) }
        switch bytes.withUnsafeBytes({ output.write($0) }) {
        case .bytes(let count): return .success(bytes.dropFirst(count))
        case .wouldBlock: return .success(bytes)
        case .failed(EPIPE), .failed(ECONNRESET): return .failure(WriteFailure(end: .endOfStream))
        case .failed(let error): return .failure(WriteFailure(end: .ioError("writing failed: \(errorText(error))")))
        }
    }

    /// Writes everything, waiting for the other side to read; gives up when the connection ends.
    private func writeAll(_ bytes: ArraySlice<UInt8>) -> Result<Void, WriteFailure> {
        var rest = bytes
        while true {
            switch writeNow(rest) {
            case .success(let left): rest = left
            case .failure(let failure): return .failure(failure)
            }
            if rest.isEmpty || mustStopWriting.load(ordering: .acquiring) { return .success(()) }
            if pollDescriptors(output.number, CInt(POLLOUT), writerWake.descriptor, -1).second != 0 { writerWake.reset() }
        }
    }

    private func encode(_ batch: Batch) -> ArraySlice<UInt8> {
        var bytes = batch.bytes
        if !batch.items.isEmpty {
            var buffer = Array(bytes)
            for item in batch.items {
                switch item {
                case .frame(let frame): buffer.append(contentsOf: frame)
                case .chunk(let call, let chunk, let continues):
                    Proto.Frame(call: call, kind: .message(.init(data: Array(chunk), continues: continues))).append(to: &buffer, framed: true)
                }
            }
            bytes = buffer[...]
        }
        if let trace, !batch.isResidue { bytes.withUnsafeBytes { trace.recordFramed(.outgoing, $0) } }
        return bytes
    }

    // MARK: The end

    private func finish(_ end: ConnectionEnd, _ writer: Thread) {
        perform { $0.phase = .ended(end) }
        mustStopWriting.store(true, ordering: .releasing)
        writerWake.signal()
        writer.join()
        // A passing thread never waits: it is done in a moment.
        while perform({ $0.writer == .passing }) { usleep(100) }
        close(input.number)
        if output.number != input.number { close(output.number) }
        perform { state in
            state.dropOutput()
            state.isGone = true
            state.actions.append(.resumeEnd(state.endWaiters, end))
            state.endWaiters = []
        }
    }
}

extension MessageLimits {
    /// For frames: their size has been checked, and few fields are needed apart from metadata.
    static let frame = MessageLimits(bytes: WireLimits.frameBytesBound, elements: 16 << 10, allocation: WireLimits.frameBytesBound + (8 << 20), depth: 6)
}
