import ArgumentParser
import MienClient
import MienManifest
import MienModels
#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#elseif canImport(Darwin)
import Darwin
#endif

extension PluginsCommand {
    struct New: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Begin a plugin: a folder that works, and that you change.",
            discussion: """
                Writes NAME/plugin.json and the code. Where python3 does not have the package mien, an environment that has it is made in NAME/.venv; pip fetches \
                what that needs.

                Afterwards: mien plugins check NAME
                """)

        enum Language: String, ExpressibleByArgument, CaseIterable { case python }
        enum Modality: String, ExpressibleByArgument, CaseIterable { case voice, face }

        @Argument(help: "Name of the plugin, of its estimator and of its folder, in kebab-case.") var name: String
        @Option(name: .customLong("lang"), help: "Language to write it in.") var language: Language
        @Option(help: "What it reads.") var reads = Modality.voice
        @Option(help: ArgumentHelp("The folder with Mien's Python package (Clients/python), if it is not beside this program's build.", valueName: "folder"), completion: .directory)
        var package: String?

        func validate() throws {
            guard TextRule.id.allows(name) else { throw ValidationError("\(name) is not \(TextRule.id.meaning)") }
        }

        func run() async throws {
            try await running {
                let folder = absolute(name)
                guard try !BuiltIn.ids().contains(name) else { throw Failure("\(name) is the name of an estimator or a model of this build", code: ExitStatus.usage) }
                guard mkdir(folder, 0o755) == 0 else { throw Failure("\(folder) cannot be made: \(String(cString: strerror(errno)))", code: ExitStatus.cannotCreate) }
                let python = try await environment(in: folder)
                let isVoice = reads == .voice
                func fill(_ template: [UInt8]) -> [UInt8] {
                    let words = ["NAME": name, "PYTHON": python, "DIMENSION": isVoice ? "arousal" : "valence",
                                 "INPUT": isVoice ? #""voice": {}"# : #""face": { "width": 112, "height": 112, "pixels": "grey", "crop": "aligned" }"#]
                    return Array(words.reduce(String(decoding: template, as: UTF8.self)) { $0.replacing($1.key, with: $1.value) }.utf8)
                }
                try OutputFile.write(fill(PackageResources.python_json), to: "\(folder)/plugin.json")
                try OutputFile.write(fill(isVoice ? PackageResources.voice_py : PackageResources.face_py), to: "\(folder)/plugin.py")
                say("\(name): written\nTry it: mien plugins check \(name)")
            }
        }

        /// The Python to run the plugin with: the one in PATH if it has our package, else one in an environment that is made here.
        private func environment(in folder: String) async throws -> String {
            guard let system = findTool("python3") else { throw Failure("python3 is not in PATH", code: ExitStatus.unavailable) }
            if package == nil, try await Tool.run(system, ["-c", "import mien.plugin"]).code == 0 { return "python3" }
            guard let source = package.map(absolute) ?? Self.packageBesideBuild() else {
                throw Failure("python3 does not have the package mien; install it (pip install Clients/python, of Mien's sources) or name its folder with --package",
                              code: ExitStatus.unavailable)
            }
            say("making \(name)/.venv with the package mien")
            let steps = [(system, ["-m", "venv", "\(folder)/.venv"]), ("\(folder)/.venv/bin/python", ["-m", "pip", "install", "--quiet", "--disable-pip-version-check", source])]
            for (program, arguments) in steps {
                let outcome = try await Tool.run(program, arguments)
                guard outcome.code == 0 else { throw Failure("\(program) \(arguments.joined(separator: " ")): \(outcome.complaint)", code: ExitStatus.unavailable) }
            }
            return ".venv/bin/python"
        }

        /// Clients/python of the clone that this program was built in.
        private static func packageBesideBuild() -> String? {
            var folder = ((try? HostProcess.ownExecutable()) ?? "").split(separator: "/").dropLast()
            while !folder.isEmpty {
                let path = "/" + folder.joined(separator: "/") + "/Clients/python"
                if access("\(path)/pyproject.toml", R_OK) == 0 { return path }
                folder = folder.dropLast()
            }
            return nil
        }
    }
}
