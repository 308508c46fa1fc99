import ArgumentParser
import InferenceCore
import MienNetworks

struct NetworkCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "network", abstract: "Run a network by itself, to check it against a reference.", subcommands: [Run.self])

    struct Run: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Compute a network's outputs from weights and inputs in one file.",
            discussion: """
                FILE holds weights under the names of the hub, and inputs:

                  whisper       model.encoder.*; input.mel [clips, mels, frames]
                  siglip        vision_model.*; input.pixel_values [pictures, 3, height, width], -1 to 1
                  voice-heads   NAME.proj.*, NAME.mlp.N.*; input.embedding [clips, positions, width], read as one long row
                  pooled-heads  the same, of input.embedding's mean, least, largest and standard deviation over time
                  face-heads    NAME.layers.N.*; input.face_features [pictures, features]

                Extents come from the shapes of the tensors. The number of heads of whisper and siglip cannot be seen there: it is the file's metadata \
                heads (whisper without it: heads of 64); so is siglip's ln_eps (without it: 1e-6).

                OUT receives f32 tensors: last_hidden_state, hidden.N after N layers, pooler_output; or one tensor for each head, by name.
                """)

        enum Network: String, ExpressibleByArgument, CaseIterable {
            case whisper, siglip
            case voiceHeads = "voice-heads"
            case pooledHeads = "pooled-heads"
            case faceHeads = "face-heads"

        }

        @Argument(help: ArgumentHelp("Weights and inputs.", valueName: "file.safetensors"), completion: .file(extensions: ["safetensors"]))
        var file: String

        @Option(help: "What the weights are of.") var network: Network
        @Option(help: "How products are computed: f32, f16 or int8.") var precision = "f32"
        @Option(name: .customLong("out"), help: ArgumentHelp("Where the outputs go.", valueName: "file.safetensors"), completion: .file(extensions: ["safetensors"]))
        var output: String

        func validate() throws {
            guard Precision(rawValue: precision) != nil else { throw ValidationError("--precision is \(precision); it must be f32, f16 or int8") }
        }

        func run() async throws {
            try await running {
                let results: [String: Tensor]
                do {
                    results = try NetworkRun(file: Safetensors(path: file), processor: Processor(precision: Precision(rawValue: precision)!)).outputs(of: network)
                } catch let error as ModelFileError {
                    throw Failure("\(error)", code: ExitStatus.noInput)
                } catch let error as InferenceError {
                    throw Failure("\(file): \(error)", code: ExitStatus.noInput)
                }
                try OutputFile.write(SafetensorsWriter.bytes(results), to: output)
            }
        }
    }
}

/// A network made of one file, which holds its inputs too.
struct NetworkRun {
    var file: Safetensors
    var processor: Processor

    func outputs(of network: NetworkCommand.Run.Network) throws -> [String: Tensor] {
        switch network {
        case .whisper: try whisper()
        case .siglip: try siglip()
        case .voiceHeads:
            try heads(.voice) { shape, values in (shape[1] * shape[2], values) }
        case .pooledHeads:
            try heads(.voice) { shape, values in
                guard shape[1] > 1 else { throw ModelFileError(.mismatch, file: file.path, "'input.embedding' has one position; a deviation needs two") }
                return (4 * shape[2], PooledStatistics.pool(values, clips: shape[0], positions: shape[1], width: shape[2]))
            }
        case .faceHeads: try heads(.face) { shape, values in (shape[1], values) }
        }
    }

    private func input(_ name: String, rank: Int) throws(ModelFileError) -> Tensor {
        let shape = try file.tensor(named: name).shape
        guard shape.rank == rank, shape.count > 0 else {
            throw ModelFileError(.mismatch, file: file.path, "'\(name)' has shape \(shape), expected one of rank \(rank)")
        }
        return Tensor(shape: shape, values: try file.floats(named: name))
    }

    /// A count in the file's metadata; nil if it is not there.
    private func metadata(_ name: String) throws(ModelFileError) -> Int? {
        guard let text = file.metadata[name] else { return nil }
        guard let number = Int(text), number > 0 else { throw ModelFileError(.malformed, file: file.path, "metadata '\(name)' is '\(text)', expected a count") }
        return number
    }

    private func whisper() throws -> [String: Tensor] {
        let mel = try input("input.mel", rank: 3)
        let encoder = try WhisperEncoder(file, heads: metadata("heads"), on: processor), layers = encoder.configuration.layers
        let result = try encoder.encode(mel, layout: .melsFirst, hidden: Set(0...layers))
        return collected(result.hidden, ["last_hidden_state": result.output])
    }

    private func siglip() throws -> [String: Tensor] {
        let pictures = try input("input.pixel_values", rank: 4)
        let encoder = try SiglipEncoder(file, configuration: SiglipConfiguration(of: file, heads: metadata("heads"), epsilon: epsilon()), on: processor)
        let result = try encoder.encode(pictures, layout: .channelsFirst, hidden: Set(0...encoder.configuration.layers))
        return collected(result.hidden, ["last_hidden_state": result.states, "pooler_output": result.pooled])
    }

    private func epsilon() throws(ModelFileError) -> Float {
        guard let text = file.metadata["ln_eps"] else { return 1e-6 }
        guard let number = Float(text), number > 0, number < 1 else { throw ModelFileError(.malformed, file: file.path, "metadata 'ln_eps' is '\(text)'") }
        return number
    }

    private func collected(_ hidden: [Int: Tensor], _ others: [String: Tensor?]) -> [String: Tensor] {
        var tensors = others.compactMapValues { $0 }
        for (layer, state) in hidden { tensors["hidden.\(layer)"] = state }
        return tensors
    }

    /// - Parameter read: From the input's shape and values to the inputs of a head and the rows it reads.
    private func heads(_ kind: HeadWeights.Kind, _ read: (Shape, [Float]) throws -> (Int, [Float])) throws -> [String: Tensor] {
        let x = try kind == .face ? input("input.face_features", rank: 2) : input("input.embedding", rank: 3)
        let (inputs, rows) = try read(x.shape, x.values), count = x.shape[0]
        let all = try HeadWeights.all(kind, in: file), wanted = all.filter { $0.inputs == inputs }
        guard !wanted.isEmpty else {
            let found = Set(all.map(\.inputs)).sorted().map(String.init).joined(separator: ", ")
            throw ModelFileError(.mismatch, file: file.path, "the input gives rows of \(inputs) values; the heads read \(found)")
        }
        let results = Perceptrons(wanted.map { Perceptron($0.layers, on: processor) }, on: processor).run(count, rows)
        var tensors: [String: Tensor] = [:]
        for (index, head) in wanted.enumerated() {
            tensors[head.name] = Tensor(shape: [count, 1], values: (0..<count).map { results[$0 * wanted.count + index] })
        }
        return tensors
    }
}
