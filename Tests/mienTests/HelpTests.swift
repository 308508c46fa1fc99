import ArgumentParser
@testable import mien
import Testing

@Suite struct HelpTests {
    @Test func helpTellsWhatThereIsAndWhatExitCodesMean() {
        #expect(Mien.helpMessage(columns: 100) == """
            OVERVIEW: Estimates emotions from faces and voices, on an ordinary CPU, offline.

            EXAMPLES:
              mien models pull                  fetch the models, once
              mien face photo.jpg               faces and emotions of a photo
              mien face --json *.jpg            one line of JSON per photo
              mien voice call.wav               emotions of each utterance of a recording
              arecord -q -t raw -f S16_LE -r 16000 | mien listen
                                                the same while someone speaks
              mien serve                        the host, for programs: frames on stdin and stdout

            EXIT STATUS:
              0   all went well
              1   some inputs failed and were reported
              64  wrong usage
              66  no input could be read
              69  a model or the host is not available
              70  a defect of mien
              73  an output file could not be written
              74  reading or writing failed
              76  the other side broke the protocol
              78  a plugin is set up wrongly

            SHELL COMPLETIONS:
              mien --generate-completion-script bash|zsh|fish

            USAGE: mien <subcommand>

            OPTIONS:
              --version               Show the version.
              -h, --help              Show help information.

            SUBCOMMANDS:
              serve                   Serve estimates over stdin and stdout.
              face                    Estimate the emotions of the faces in pictures.
              voice                   Estimate the emotions of the voices in recordings.
              listen                  Estimate the emotions of a voice while it speaks.
              models                  List, pull, pack, verify, import and remove models.
              plugins                 List, describe, try, begin and serve plugins.
              info                    Show what a host says of itself and its estimators.
              call                    Call any method of a host, with JSON for messages.
              conformance             Put a host, a plugin or a client to the test.
              network                 Run a network by itself, to check it against a reference.
              doctor                  Check this machine: processor, libraries, tools, models, and a host's
                                      first words.

              See 'mien help <subcommand>' for detailed help.
            """)
    }

    @Test(arguments: [
        ["face"], ["face", "a", "--top", "0"], ["face", "a", "b", "--annotate", "x.jpg"], ["face", "-", "-"], ["face", "a", "--min-confidence", "1.5"],
        ["face", "a", "--max-faces", "0"], ["face", "a", "--categories", "anger,happy!"], ["face", "a", "--categories", ""],
        ["face", "a", "--min-reliability", "-1.5"], ["face", "a", "--min-reliability", "nan"],
        ["face", "a", "--top", "3", "--all"], ["voice", "a", "--neutral", "-"], ["listen", "--categories", "anger,,awe"],
        ["voice"], ["voice", "-", "-"], ["voice", "a", "--top", "41"], ["voice", "a", "--window", "5"],
        ["voice", "a", "--granularity", "window", "--hop", "0"], ["voice", "a", "--granularity", "word"], ["listen", "--encoding", "mp3"],
        ["serve", "--threads", "0"], ["serve", "--drain-limit", "-1"],
        ["call"], ["call", "GetInfo", "--timeout", "0"], ["call", "GetInfo", "--metadata", "x"], ["models", "remove"], ["models", "import", "x"], ["nonsense"],
    ])
    func argumentsThatMakeNoSenseAreRefused(arguments: [String]) {
        #expect { try Mien.parseAsRoot(arguments) } throws: { Mien.exitCode(for: $0).rawValue == ExitStatus.usage }
    }

    @Test func categoriesMayBeSpelledInAnyWay() throws {
        let arguments = ["face", "a.jpg", "--categories", "surprise, jealousy_&_envy", "--min-reliability", "-1", "--all"]
        let face = try #require(try Mien.parseAsRoot(arguments) as? FaceCommand)
        #expect(try face.answer.names == ["Astonishment/Surprise", "Jealousy & Envy"])
        #expect(face.answer.minReliability == -1)
        #expect(face.answer.shown(face.top) == .max)
        let voice = try #require(try Mien.parseAsRoot(["voice", "a.wav", "--neutral", "calm.wav", "--top", "7"]) as? VoiceCommand)
        #expect(try voice.answer.names.isEmpty)
        #expect(voice.answer.minReliability == nil && voice.neutral == "calm.wav" && voice.answer.shown(voice.top) == 7)
    }
}
