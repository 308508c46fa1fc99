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
                Writes NAME/plugin.json and the code. Python: where python3 does not have the package mien, an environment that has it is made in NAME/.venv; pip \
                fetches what that needs. C and Swift: the library is built, with cc or swift; the line that does it is at the top of the code.

                Afterwards: mien conformance NAME
                """)

        enum Language: String, ExpressibleByArgument, CaseIterable {
            case python, c, swift

            /// The program without which nothing can be begun.
            var tool: String {
                switch self {
                case .python: "python3"
                case .c: "cc"
                case .swift: "swift"
                }
            }
        }

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
                guard let tool = findTool(language.tool) else { throw Failure("\(language.tool) is not in PATH", code: ExitStatus.unavailable) }
                try make(folder)
                switch language {
                case .python: try await writePython(folder, tool)
                case .c: try await writeC(folder, tool)
                case .swift: try await writeSwift(folder, tool)
                }
                say("\(name): written\nTry it: mien conformance \(name)")
            }
        }

        private func make(_ folder: String) throws {
            guard mkdir(folder, 0o755) == 0 else { throw Failure("\(folder) cannot be made: \(String(cString: strerror(errno)))", code: ExitStatus.cannotCreate) }
        }

        private func writePython(_ folder: String, _ system: String) async throws {
            let python = try await environment(in: folder, system)
            try write(PackageResources.python_json, to: "\(folder)/plugin.json", ["PYTHON": python])
            try write(reads == .voice ? PackageResources.voice_py : PackageResources.face_py, to: "\(folder)/plugin.py")
        }

        private func writeC(_ folder: String, _ compiler: String) async throws {
            try write(PackageResources.library_json, to: "\(folder)/plugin.json")
            try write(reads == .voice ? PackageResources.voice_c : PackageResources.face_c, to: "\(folder)/plugin.c")
            try OutputFile.write(PackageResources.mien_plugin_h, to: "\(folder)/mien_plugin.h")
            try await run(compiler, ["-std=c99", "-O2", "-Wall", "-Wextra", "-shared", "-fPIC", "-o", "\(folder)/\(library)", "\(folder)/plugin.c", "-lm"])
        }

        private func writeSwift(_ folder: String, _ swift: String) async throws {
            let code = "\(folder)/Sources/\(module)", header = "\(folder)/Sources/CMien"
            for path in ["\(folder)/Sources", code, header] { try make(path) }
            try write(PackageResources.library_json, to: "\(folder)/plugin.json")
            try write(PackageResources.manifest_swift, to: "\(folder)/Package.swift")
            try write(reads == .voice ? PackageResources.voice_swift : PackageResources.face_swift, to: "\(code)/Plugin.swift")
            try OutputFile.write(PackageResources.interface_swift, to: "\(code)/Mien.swift")
            try OutputFile.write(PackageResources.mien_plugin_h, to: "\(header)/mien_plugin.h")
            try OutputFile.write(Array("module CMien { header \"mien_plugin.h\" export * }\n".utf8), to: "\(header)/module.modulemap")
            try OutputFile.write(Array(".build/\n\(library)\n".utf8), to: "\(folder)/.gitignore")
            say("building \(name)/\(library)")
            try await run(swift, ["build", "-c", "release", "--package-path", folder])
            try await run(findTool("install") ?? "/usr/bin/install", ["\(folder)/.build/release/\(library)", folder])
        }

        private var library: String {
            #if canImport(Darwin)
            "lib\(name).dylib"
            #else
            "lib\(name).so"
            #endif
        }

        /// The plugin's name as that of a module, "MyVoicePlugin": two plugins in one process must not have one of the same name.
        private var module: String { name.split(separator: "-").map { $0.prefix(1).uppercased() + $0.dropFirst() }.joined() + "Plugin" }

        /// Writes a template with its words filled in.
        private func write(_ template: [UInt8], to path: String, _ more: [String: String] = [:]) throws {
            let isVoice = reads == .voice
            let words = ["NAME": name, "MODULE": module, "LIBRARY": library, "DIMENSION": isVoice ? "arousal" : "valence",
                         "INPUT": isVoice ? #""voice": {}"# : #""face": { "width": 112, "height": 112, "pixels": "grey", "crop": "aligned" }"#]
            let text = words.merging(more) { $1 }.reduce(String(decoding: template, as: UTF8.self)) { $0.replacing($1.key, with: $1.value) }
            try OutputFile.write(Array(text.utf8), to: path)
        }

        /// - Throws: `Failure` if it cannot be run or fails.
        private func run(_ program: String, _ arguments: [String]) async throws {
            let outcome = try await Tool.run(program, arguments)
            guard outcome.code == 0 else { throw Failure("\(program) \(arguments.joined(separator: " ")): \(outcome.complaint)", code: ExitStatus.unavailable) }
        }

        /// The Python to run the plugin with: the one in PATH if it has our package, else one in an environment that is made here.
        private func environment(in folder: String, _ system: String) async throws -> String {
            if package == nil, try await Tool.run(system, ["-c", "import mien.plugin"]).code == 0 { return "python3" }
            guard let source = package.map(absolute) ?? Self.packageBesideBuild() else {
                throw Failure("python3 does not have the package mien; install it (pip install Clients/python, of Mien's sources) or name its folder with --package",
                              code: ExitStatus.unavailable)
            }
            say("making \(name)/.venv with the package mien")
            try await run(system, ["-m", "venv", "\(folder)/.venv"])
            try await run("\(folder)/.venv/bin/python", ["-m", "pip", "install", "--quiet", "--disable-pip-version-check", source])
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
