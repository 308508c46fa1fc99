import ArgumentParser

/// Version of the tool, the host and the client library.
let mienVersion = "0.1.0"

struct Mien: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "mien",
        abstract: "Estimates emotions from faces and voices, on an ordinary CPU, offline.",
        discussion: """
            EXAMPLES:
              mien models pull                  fetch the models, once
              mien face photo.jpg               faces and emotions of a photo
              mien face --json *.jpg            one line of JSON per photo
              mien voice call.wav               emotions of each utterance of a recording
              arecord -q -t raw -f S16_LE -r 16000 | mien listen
                                                the same while someone speaks
              mien serve                        the host, for programs: frames on stdin and stdout

            \(ExitStatus.explanation)

            SHELL COMPLETIONS:
              mien --generate-completion-script bash|zsh|fish
            """,
        version: mienVersion,
        subcommands: [Serve.self, FaceCommand.self, VoiceCommand.self, ListenCommand.self, Models.self, PluginsCommand.self, Info.self, Call.self, Conformance.self, NetworkCommand.self, Doctor.self])
}

/// Ends a command with a message on stderr and an exit code.
struct Failure: Error {
    var message: String
    var code: Int32
    init(_ message: String, code: Int32) {
        self.message = message
        self.code = code
    }
}

/// Runs a command's body; every error that is not ArgumentParser's own becomes a line on stderr and an exit code.
func running(_ body: () async throws -> Void) async throws {
    do {
        try await body()
    } catch let failure as Failure {
        complain(failure.message)
        throw ExitCode(failure.code)
    }
}
