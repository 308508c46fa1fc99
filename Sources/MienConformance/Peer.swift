import CProcess
import MienWire
#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#elseif canImport(Darwin)
import Darwin
#endif

/// One process under test and the raw bytes from and to it. Everything happens on the thread of the case, which never blocks for longer than it wants to.
final class Peer {
    typealias Exit = ProcessExit

    /// Of its stderr, for messages.
    private static let wordsLimit = 2000
    private static let readSize = 1 << 18

    private let pid: Int32
    private var input: CInt
    private let output: CInt
    private let errors: CInt
    /// Becomes readable when the process has ended.
    private let ending: CInt
    private var outgoing: [UInt8] = []
    private var written = 0
    private var closesInput = false
    /// What has come and was not taken.
    private(set) var incoming: [UInt8] = []
    private(set) var taken = 0
    private(set) var outputHasEnded = false
    private var errorsHaveEnded = false
    private(set) var exit: Exit?
    private var words: [UInt8] = []
    /// Off: nothing is read from its stdout.
    var isReading = true
    private var buffer = [UInt8](repeating: 0, count: Peer.readSize)

    /// Starts the program. On Linux it is killed when this thread ends.
    init(_ command: SpawnCommand) throws(SpawnCommand.Failure) {
        let spawned = try command.start()
        (pid, input, output, errors) = (spawned.pid, spawned.input, spawned.output, spawned.errors)
        ending = mien_process_descriptor(pid)
        for descriptor in [input, output, errors] { _ = fcntl(descriptor, F_SETFL, fcntl(descriptor, F_GETFL) | O_NONBLOCK) }
    }

    deinit {
        if exit == nil {
            _ = mien_kill_group(pid)
            _ = mien_wait(pid, nil, nil)
        }
        for descriptor in [input, output, errors, ending] where descriptor >= 0 { close(descriptor) }
    }

    /// What it has said on stderr, the end of it, on one line.
    var lastWords: String {
        String(decoding: words, as: UTF8.self).split(separator: "\n").suffix(3).joined(separator: " / ")
    }

    var hasUnwritten: Bool { written < outgoing.count && input >= 0 }
    var waiting: ArraySlice<UInt8> { incoming[taken...] }

    func take(_ count: Int) {
        taken += count
        if taken == incoming.count { (incoming, taken) = ([], 0) } else if taken > 1 << 20 {
            incoming.removeFirst(taken)
            taken = 0
        }
    }

    /// Queues bytes; those for a closed or broken pipe are lost, which is what the sender of such bytes expects.
    func write(_ bytes: [UInt8]) { if input >= 0, !closesInput { outgoing += bytes } }

    /// Ends its stdin, after everything queued so far.
    func closeInput() { closesInput = true }

    func signal(_ number: Int32) { if exit == nil { kill(pid, number) } }

    /// Reads, writes and looks for the end of the process: once, waiting until `deadline` at most for something to do.
    func pump(until deadline: ContinuousClock.Instant) {
        if closesInput, !hasUnwritten, input >= 0 { closeInputNow() }
        var descriptors: [pollfd] = []
        func watch(_ descriptor: CInt, _ events: Int32) { descriptors.append(pollfd(fd: descriptor, events: Int16(events), revents: 0)) }
        watch(hasUnwritten ? input : -1, POLLOUT)
        watch(isReading && !outputHasEnded ? output : -1, POLLIN)
        watch(errorsHaveEnded ? -1 : errors, POLLIN)
        watch(exit == nil ? ending : -1, POLLIN)
        let left = (deadline - .now).components
        var milliseconds = max(left.seconds * 1000 + left.attoseconds / 1_000_000_000_000_000 + 1, 0)
        // Without a descriptor for its end, somebody has to look.
        if ending < 0 { milliseconds = min(milliseconds, 5) }
        if left.seconds < 0 || left.attoseconds < 0 { milliseconds = 0 }
        _ = poll(&descriptors, nfds_t(descriptors.count), CInt(clamping: milliseconds))
        if descriptors[0].revents != 0 { writeSome() }
        if descriptors[1].revents != 0 { outputHasEnded = !readSome(output) { incoming += $0 } }
        if descriptors[2].revents != 0 {
            errorsHaveEnded = !readSome(errors) { bytes in
                words += bytes
                if words.count > Self.wordsLimit { words.removeFirst(words.count - Self.wordsLimit) }
            }
        }
        if exit == nil, descriptors[3].revents != 0 || ending < 0 { collect() }
    }

    private func writeSome() {
        while hasUnwritten {
            let count = outgoing.withUnsafeBytes { unsafeWrite(input, $0.baseAddress! + written, min($0.count - written, 1 << 20)) }
            if count < 0 {
                if errno == EINTR { continue }
                if errno != EAGAIN { closeInputNow() }
                return
            }
            written += count
        }
        (outgoing, written) = ([], 0)
    }

    private func closeInputNow() {
        close(input)
        input = -1
        (outgoing, written) = ([], 0)
    }

    /// Returns false at the end.
    private func readSome(_ descriptor: CInt, _ body: (ArraySlice<UInt8>) -> Void) -> Bool {
        while true {
            let count = buffer.withUnsafeMutableBytes { read(descriptor, $0.baseAddress, $0.count) }
            if count > 0 { body(buffer[..<count]) } else if count == 0 { return false } else if errno != EINTR { return errno == EAGAIN }
            if count > 0, count < buffer.count { return true }
        }
    }

    private func collect() {
        if ending >= 0 {
            // What it has left behind goes with it.
            _ = mien_kill_group(pid)
            var code: CInt = 0, signal: CInt = 0
            _ = mien_wait(pid, &code, &signal)
            exit = signal == 0 ? .code(code) : .signal(signal)
            return
        }
        var status: CInt = 0
        guard waitpid(pid, &status, WNOHANG) == pid else { return }
        exit = status & 0x7F == 0 ? .code(status >> 8 & 0xFF) : .signal(status & 0x7F)
        _ = mien_kill_group(pid)
    }
}

/// The name `write` is taken by a method of ours.
private func unsafeWrite(_ descriptor: CInt, _ bytes: UnsafeRawPointer, _ count: Int) -> Int { write(descriptor, bytes, count) }
