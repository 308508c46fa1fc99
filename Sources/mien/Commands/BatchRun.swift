import MienClient
import MienMessages
import MienWire
import Synchronization
#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#elseif canImport(Darwin)
import Darwin
#endif

/// An answer of one of the streams that take many inputs.
protocol BatchAnswer: ProtoMessage {
    var requestId: String { get set }
    var failure: Proto.Failure? { get }
}

extension Proto.EstimateFaceResponse: BatchAnswer {}
extension Proto.EstimateVoiceResponse: BatchAnswer {}

/// Asks a host about a list of files over one stream, and shows what comes back in the order of the list.
struct BatchRun<Request: ProtoMessage, Answer: BatchAnswer>: Sendable {
    struct Outcome {
        var failed = 0
        /// Set if there was exactly one file and it was answered.
        var onlyAnswer: Answer?
    }

    var files: [String]
    /// What the progress line says: "Faces", "picture".
    var title: String
    var unit: String
    /// The question about the file of this index. Its `request_id` must be the index.
    var request: @Sendable (_ index: Int, _ file: String) -> Request

    /// - Parameter show: Gets each answer, also those that are failures, which have been reported on stderr by then.
    /// - Throws: `Failure` or `CallError` if the whole run cannot go on.
    func ask(_ stream: MessageStream<Request, Answer>, show: (_ file: String, Answer) throws -> Void) async throws -> Outcome {
        let sending = Task {
            for index in files.indices { try await stream.send(request(index, files[index])) }
            stream.halfClose()
        }
        defer { sending.cancel() }
        let progress = Progress()
        var outcome = Outcome()
        // Answers that came before those of earlier files.
        var early: [Int: Answer] = [:], next = 0
        let done = Mutex(0)
        // A single long recording takes minutes too: the line goes on while nothing arrives.
        let start = ContinuousClock.now
        let ticking = Task { [files, title, unit] in
            while (try? await Task.sleep(for: .milliseconds(500))) != nil {
                let seconds = (ContinuousClock.now - start).components.seconds, total = Int64(files.count)
                progress.update(title, done: Int64(done.withLock { $0 }), total: total) {
                    $0 < total ? "\($0)" : "\(total) \(unit)\(total == 1 ? "" : "s"), \(seconds) s"
                }
            }
        }
        defer { ticking.cancel() }
        while let answer = try await stream.next() {
            guard let index = Int(answer.requestId), files.indices.contains(index), index >= next, early[index] == nil else {
                throw Failure("the host answered a question that was not asked: \(answer.requestId)", code: ExitStatus.protocolViolation)
            }
            if let failure = answer.failure, ["MODEL_MISSING", "ESTIMATOR_", "CATEGORY_", "NEUTRAL_"].contains(where: failure.reason.hasPrefix) {
                // The same for every file: say it once.
                stream.cancel(reason: "no estimator")
                throw CallError(StatusCode(rawValue: failure.code), failure.message, reason: failure.reason)
            }
            early[index] = answer
            done.withLock { $0 += 1 }
            while var ready = early.removeValue(forKey: next) {
                progress.clear()
                // Ours, not the user's.
                ready.requestId = ""
                if let failure = ready.failure {
                    outcome.failed += 1
                    complain(failure, about: files[next])
                } else if files.count == 1 {
                    outcome.onlyAnswer = ready
                }
                try show(files[next], ready)
                next += 1
            }
        }
        ticking.cancel()
        await ticking.value
        progress.clear()
        try await sending.value
        guard next == files.count else {
            throw Failure("the host left \(files.count - next) of \(files.count) \(unit)s unanswered", code: ExitStatus.protocolViolation)
        }
        return outcome
    }

    private func complain(_ failure: Proto.Failure, about file: String) {
        // The host knows the file by its absolute path; the user, as it was given.
        let known = absolute(file) + ": "
        let what = failure.message.hasPrefix(known) ? String(failure.message.dropFirst(known.count)) : failure.message
        mien.complain(printable("\(file): \(what)"))
    }
}

/// A path that means the same in every working directory.
func absolute(_ path: String) -> String {
    guard !path.hasPrefix("/"), let folder = getcwd(nil, 0) else { return path }
    defer { free(folder) }
    return String(cString: folder) + "/" + path
}
