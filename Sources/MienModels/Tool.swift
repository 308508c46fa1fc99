internal import Subprocess
#if canImport(System)
internal import System
#else
internal import SystemPackage
#endif

/// Runs programs such as curl and Python.
package enum Tool {
    package struct Outcome {
        /// Exit code; for a signal 128 plus its number, as shells count.
        package var code: Int
        package var output: String
        package var errors: String

        /// The last lines that the program wrote about its trouble, joined to one.
        package var complaint: String {
            let lines = (errors.isEmpty ? output : errors).split(whereSeparator: \.isNewline).map { $0.drop { $0 == " " } }.filter { !$0.isEmpty }
            let text = lines.suffix(3).joined(separator: "; ")
            return text.isEmpty ? "exit code \(code)" : String(text.unicodeScalars.prefix(500).map(Character.init))
        }
    }

    package enum Failure: Error {
        case missing
        case cancelled
        /// `watch` returned true.
        case stopped
        case other(String)
    }

    /// Runs a program to its end. It ends with us: a cancelled task sends it SIGTERM and later SIGKILL.
    ///
    /// - Parameters:
    ///   - environment: Changes to our own; `nil` removes.
    ///   - input: What it reads from stdin.
    ///   - watch: Called ten times a second while the program runs; true stops it.
    package static func run(_ program: String, _ arguments: [String], environment: [String: String?] = [:], input: String = "",
                    watch: (@Sendable () -> Bool)? = nil) async throws(Failure) -> Outcome {
        do {
            return try await withThrowingTaskGroup(of: Outcome?.self) { group in
                group.addTask { try await spawn(program, arguments, environment, input) }
                if let watch {
                    group.addTask {
                        while true {
                            try await Task.sleep(for: .milliseconds(100))
                            if watch() { throw Failure.stopped }
                        }
                    }
                }
                defer { group.cancelAll() }
                while let outcome = try await group.next() { if let outcome { return outcome } }
                throw CancellationError()
            }
        } catch let failure as Failure {
            throw failure
        } catch let error as SubprocessError where error.code == .executableNotFound {
            throw .missing
        } catch {
            throw Task.isCancelled || error is CancellationError ? .cancelled : .other("\(error)")
        }
    }

    private static func spawn(_ program: String, _ arguments: [String], _ changes: [String: String?], _ input: String) async throws -> Outcome {
        var environment = Environment.inherit
        for (name, value) in changes { environment = environment.updating([Environment.Key(stringLiteral: name): value]) }
        var options = PlatformOptions()
        options.teardownSequence = [.gracefulShutDown(allowedDurationToNextStep: .seconds(2))]
        let executable: Executable = program.contains("/") ? .path(FilePath(program)) : .name(program)
        let result = try await Subprocess.run(executable, arguments: Arguments(arguments), environment: environment, platformOptions: options,
                                              input: .array(Array(input.utf8)), output: .bytes(limit: 4 << 20), error: .bytes(limit: 4 << 20))
        try Task.checkCancellation()
        let code = switch result.terminationStatus {
        case .exited(let code): Int(code)
        case .signaled(let signal): 128 + Int(signal)
        }
        return Outcome(code: code, output: String(decoding: result.standardOutput, as: UTF8.self), errors: String(decoding: result.standardError, as: UTF8.self))
    }
}
