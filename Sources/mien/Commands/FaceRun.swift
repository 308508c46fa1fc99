import MienClient
import MienMessages
import MienWire
#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#elseif canImport(Darwin)
import Darwin
#endif

/// Asks a host about a list of pictures over one stream, and prints what comes back in the order of the list.
struct FaceRun: Sendable {
    struct Outcome {
        var failed = 0
        /// Set if there was exactly one picture and it was answered.
        var onlyAnswer: Proto.EstimateFaceResponse?
    }

    var files: [String]
    var options: Proto.FaceOptions
    var estimator: String
    /// The picture that "-" stands for.
    var standardInput: [UInt8]?
    /// Set for JSON lines, else a table is made.
    var transcoder: Transcoder?
    var report = FaceReport(top: 3)

    /// - Throws: `Failure` or `CallError` if the whole run cannot go on.
    func ask(_ client: Client) async throws -> Outcome {
        let stream = try await client.estimateFaces()
        let sending = Task {
            for index in files.indices { try await stream.send(request(index)) }
            stream.halfClose()
        }
        defer { sending.cancel() }
        let progress = Progress()
        var outcome = Outcome(), report = report
        // Answers that came before those of earlier pictures.
        var early: [Int: Proto.EstimateFaceResponse] = [:], next = 0, done: Int64 = 0
        while let answer = try await stream.next() {
            guard let index = Int(answer.requestId), files.indices.contains(index), index >= next, early[index] == nil else {
                throw Failure("the host answered a question that was not asked: \(answer.requestId)", code: ExitStatus.protocolViolation)
            }
            if let failure = answer.failure, failure.reason == "MODEL_MISSING" || failure.reason.hasPrefix("ESTIMATOR_") {
                // The same for every picture: say it once.
                stream.cancel(reason: "no estimator")
                throw CallError(StatusCode(rawValue: failure.code), failure.message, reason: failure.reason)
            }
            early[index] = answer
            done += 1
            while let ready = early.removeValue(forKey: next) {
                if transcoder != nil || ready.failure != nil { progress.clear() }
                try handle(ready, files[next], &outcome, &report)
                next += 1
            }
            if files.count > 1 { progress.update("Faces", done: done, total: Int64(files.count)) { "\($0) \($0 == 1 ? "picture" : "pictures")" } }
        }
        progress.clear()
        try await sending.value
        guard next == files.count else {
            throw Failure("the host left \(files.count - next) of \(files.count) pictures unanswered", code: ExitStatus.protocolViolation)
        }
        if transcoder == nil, outcome.failed < files.count { say(report.render(Terminal(descriptor: 1)).joined(separator: "\n")) }
        return outcome
    }

    private func handle(_ answer: Proto.EstimateFaceResponse, _ file: String, _ outcome: inout Outcome, _ report: inout FaceReport) throws {
        var answer = answer
        // Ours, not the user's.
        answer.requestId = ""
        if let failure = answer.failure {
            outcome.failed += 1
            // The host knows the file by its absolute path; the user, as it was given.
            let known = absolute(file) + ": "
            let what = failure.message.hasPrefix(known) ? String(failure.message.dropFirst(known.count)) : failure.message
            complain(printable("\(file): \(what)"))
        } else if files.count == 1 {
            outcome.onlyAnswer = answer
        }
        if let transcoder {
            say(try transcoder.line(answer, file: file))
        } else if answer.failure == nil {
            report.add(file, answer)
        }
    }

    private func request(_ index: Int) -> Proto.EstimateFaceRequest {
        let file = files[index]
        let picture: Proto.EstimateFaceRequest.Picture = if file == "-", let standardInput { .data(standardInput) } else { .path(absolute(file)) }
        return Proto.EstimateFaceRequest(requestId: String(index), picture: picture, estimator: estimator, options: options)
    }
}

/// A path that means the same in every working directory.
func absolute(_ path: String) -> String {
    guard !path.hasPrefix("/"), let folder = getcwd(nil, 0) else { return path }
    defer { free(folder) }
    return String(cString: folder) + "/" + path
}
