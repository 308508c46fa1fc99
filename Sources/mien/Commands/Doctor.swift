import ArgumentParser
import CProcess
import CProtobufC
import CSamplerate
import CSndfile
import CSpng
import CTurboJPEG
import InferenceCore
import MienClient
import MienHost
import MienMessages
import MienModels
import MienWire
#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#elseif canImport(Darwin)
import Darwin
#endif

struct Doctor: AsyncParsableCommand {
    static let configuration = CommandConfiguration(abstract: "Check this machine: processor, libraries, tools, models, and a host's first words.",
                                                    discussion: "Exit status 0 if pictures can be estimated, 69 if something is in the way.")

    func run() async throws {
        try await running {
            var report = DoctorReport()
            Self.checkProcessor(&report)
            Self.checkLibraries(&report)
            Self.checkTools(&report)
            Self.checkModels(&report)
            Self.checkPlugins(&report)
            await Self.checkHost(&report)
            say(report.render(Terminal(descriptor: 1)).joined(separator: "\n"))
            if report.worst == .bad { throw ExitCode(ExitStatus.unavailable) }
        }
    }

    private static func checkProcessor(_ report: inout DoctorReport) {
        report.section("Processor")
        let name = processorName()
        report.note(.good, name.isEmpty ? "processor" : name, "\(WorkerPool.shared.threads) usable")
        report.note(.good, "features", Kernels.features.joined(separator: " "))
        if let error = Kernels.selectionError { report.note(.bad, "MIEN_ISA", error) }
        let slow = Kernels.name == "scalar"
        report.note(slow ? .fair : .good, "kernels", "\(Kernels.name)\(slow ? ", which are slow" : ""); there are: \(Kernels.available.joined(separator: " "))")
    }

    private static func checkLibraries(_ report: inout DoctorReport) {
        report.section("Libraries")
        report.note(.good, "protobuf-c", String(cString: protobuf_c_version()))
        // TurboJPEG 2 has no call for its version; that it makes a decoder is what matters.
        let decoder = tjInitDecompress()
        report.note(decoder == nil ? .bad : .good, "turbojpeg", decoder == nil ? "gives no decoder" : "decodes")
        if let decoder { tjDestroy(decoder) }
        report.note(.good, "spng", String(cString: spng_version_string()))
        report.note(.good, "sndfile", String(cString: sf_version_string()))
        report.note(.good, "samplerate", String(cString: src_get_version()))
    }

    private static func checkTools(_ report: inout DoctorReport) {
        report.section("Tools, for mien models pull")
        for (tool, purpose) in [("curl", "downloads"), ("python3", "model files from Python wheels"), ("pip3", "the same")] {
            if let path = findTool(tool) { report.note(.good, tool, path) } else { report.note(.fair, tool, "not found; needed for \(purpose)") }
        }
    }

    private static func checkModels(_ report: inout DoctorReport) {
        report.section("Models")
        do {
            let store = try BuiltIn.store()
            report.note(.good, "store", store.home)
            for listing in store.list() {
                switch listing.state {
                case .installed: report.note(.good, listing.model.id, listing.model.version)
                case .absent where listing.model.isOptional: break
                case .absent: report.note(.bad, listing.model.id, "missing; run: \(listing.advice)")
                case .damaged(let what): report.note(.bad, listing.model.id, what)
                }
            }
        } catch {
            report.note(.bad, "store", (error as? Failure)?.message ?? "\(error)")
        }
    }

    private static func checkPlugins(_ report: inout DoctorReport) {
        report.section("Plugins")
        let confinement = mien_confinement_available()
        for (flag, name, what) in [(MIEN_CONFINE_NETWORK, "network", "processes of plugins have none"), (MIEN_CONFINE_FILES, "files", "they write to their own folder only")] {
            let isThere = confinement & UInt32(flag) != 0
            report.note(isThere ? .good : .fair, name, isThere ? what : "this system cannot keep processes of plugins from it")
        }
        var plugins = Plugins()
        for reason in plugins.addInherited() { report.note(.bad, "left out", reason) }
        for plugin in plugins.found { report.note(.good, plugin.id, "\(plugin.version), \(plugin.kind), \(plugin.folder)") }
    }

    /// Starts a host and asks it for its health: the pipes, the greeting and the way back.
    private static func checkHost(_ report: inout DoctorReport) async {
        report.section("Host")
        let start = ContinuousClock.now
        do {
            let client = try await ownHost()
            let greeted = ContinuousClock.now
            let status = try await client.health()
            report.note(status == .serving ? .good : .bad, "mien serve", "\(status), greeted after \(milliseconds(greeted - start))")
            let exit = await client.close()
            report.note(exit == .code(0) ? .good : .fair, "its end", exit.map { "\($0)" } ?? "unknown")
        } catch {
            report.note(.bad, "mien serve", failure(of: error).message)
        }
    }
}

struct DoctorReport {
    enum Verdict: Int { case good, fair, bad }
    private enum Line {
        case section(String)
        case note(Verdict, String, String)
    }

    private var lines: [Line] = []
    private(set) var worst = Verdict.good

    mutating func section(_ title: String) { lines.append(.section(title)) }

    mutating func note(_ verdict: Verdict, _ subject: String, _ text: String) {
        lines.append(.note(verdict, subject, text))
        if verdict.rawValue > worst.rawValue { worst = verdict }
    }

    func render(_ terminal: Terminal) -> [String] {
        let width = lines.reduce(0) { if case .note(_, let subject, _) = $1 { max($0, min(displayWidth(subject), 24)) } else { $0 } }
        return lines.map { line in
            switch line {
            case .section(let title): return terminal.styled(title, .bold)
            case .note(let verdict, let subject, let text):
                let marks = terminal.unicode ? ["✓", "!", "✗"] : ["ok", "! ", "NO"]
                let styles: [Terminal.Style] = [.green, .yellow, .red]
                let space = String(repeating: " ", count: max(width - displayWidth(subject), 0) + 2)
                return "  \(terminal.styled(marks[verdict.rawValue], styles[verdict.rawValue])) \(printable(subject))\(space)\(printable(text))"
            }
        }
    }
}
