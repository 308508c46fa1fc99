import ArgumentParser
import MienClient
import MienJSON
import MienMessages

struct Info: AsyncParsableCommand {
    static let configuration = CommandConfiguration(abstract: "Show what a host says of itself and its estimators.")
    @Flag(help: "Print JSON: the answers of GetInfo and ListEstimators.") var json = false
    @OptionGroup var plugins: PluginArguments

    func run() async throws {
        try await running {
            let client = try await ownHost(plugins)
            do {
                let info = try await client.info(), estimators = try await client.estimators()
                if json {
                    let transcoder = try await Transcoder(client)
                    say(try transcoder.json(info).text())
                    say(try transcoder.json(Proto.ListEstimatorsResponse(estimators: estimators)).text())
                } else {
                    say(InfoReport.render(info, estimators, Terminal(descriptor: 1)).joined(separator: "\n"))
                }
            } catch {
                throw await failure(of: error, closing: client)
            }
            await client.close()
        }
    }
}

enum InfoReport {
    static func render(_ info: Proto.GetInfoResponse, _ estimators: [Proto.EstimatorInfo], _ terminal: Terminal) -> [String] {
        let processor = info.processor ?? Proto.Processor(), limits = info.limits ?? Proto.Limits()
        var lines = [
            "mien \(info.version), protocol \(info.protocolMajor)",
            "processor   \(printable(processor.modelName.isEmpty ? processor.architecture : processor.modelName)), \(processor.threads) "
                + "\(processor.threads == 1 ? "thread" : "threads")",
            "kernels     \(processor.kernels) (\(processor.features.joined(separator: " ")))",
            "limits      frame \(bytes(UInt64(limits.maxFrameBytes))), message \(bytes(limits.maxMessageBytes)), \(limits.maxOpenCalls) open calls",
            "memory      \(byteText(Int64(clamping: info.residentBytes)))",
        ]
        for estimator in estimators {
            let state: (String, Terminal.Style)
            switch estimator.state {
            case .idle: state = ("loads at first use", .green)
            case .loading: state = ("loading", .yellow)
            case .ready: state = ("ready", .green)
            default: state = (printable(estimator.stateDetail), .red)
            }
            lines += ["", "\(terminal.styled(estimator.id, .bold)) \(estimator.version): \(terminal.styled(state.0, state.1))", "  \(printable(estimator.summary))"]
            func list(_ label: String, _ names: [String]) {
                guard !names.isEmpty else { return }
                for (index, line) in wrapped(names.map(printable).joined(separator: ", "), to: terminal.width.map { $0 - 14 }).enumerated() {
                    lines.append((index == 0 ? "  " + label + String(repeating: " ", count: 12 - label.count) : String(repeating: " ", count: 14)) + line)
                }
            }
            list("covers", estimator.categories)
            list("dimensions", estimator.dimensions)
            list("attributes", estimator.attributes)
            if let reliability = estimator.minimumReliability { lines.append("  abstains    where raters agree less than \(fixed(reliability, 2))") }
            if estimator.usesNeutral { lines.append("  neutral     compares with the speaker's neutral voice") }
            let worth = [estimator.costMs.map { "about \(fixed($0, $0 < 10 ? 1 : 0)) ms of one core per \(estimator.modality == .voice ? "second of speech" : "face")" },
                         estimator.skill.map { "\(fixed($0, 2)) of the way from guessing to never being wrong, with unknown people" }, estimator.online ? "sends what it gets to other machines" : nil]
            for (label, text) in zip(["cost", "skill", "online"], worth) { list(label, text.map { [$0] } ?? []) }
            for model in estimator.models {
                lines.append("  model       \(model.id) \(model.version), \(printable(model.license))\(model.installed ? "" : terminal.styled(", missing", .red))")
            }
        }
        return lines
    }

    /// Sizes of the wire are powers of 2.
    private static func bytes(_ count: UInt64) -> String {
        count >= 1 << 20 && count % (1 << 20) == 0 ? "\(count >> 20) MiB" : "\(count) bytes"
    }
}
