import InferenceCore
import MienEstimation
import MienManifest
import MienMedia
import MienNetworks

/// A manifest's network, checked against what the manifest says of it.
struct FaceNetwork: Sendable {
    /// Most bytes of an ONNX file.
    static let fileLimit = 512 << 20
    /// Faces in one run, and pixels of their inputs together: they bound the memory for crowds.
    private static let faceLimit = 8, pixelLimit = 8 * 260 * 260
    /// Most numbers that one run may give, outputs that nobody looks at included.
    private static let resultLimit = 1 << 24

    private let graph: CompiledGraph
    private let input: FaceInput
    /// Of each output of the manifest: its position among the graph's, and how many numbers it has for a face.
    private let outputs: [(place: Int, count: Int)]
    /// Faces in one run.
    let batch: Int

    /// Reads the ONNX file of a plugin.
    ///
    /// - Throws: `EstimatorUnusable` if the file is not the one that the manifest means, cannot be computed here, or does not have the inputs and outputs
    ///   that the manifest states.
    init(_ plugin: OnnxFacePlugin) throws(EstimatorUnusable) {
        let manifest = plugin.manifest
        do {
            let file = try PluginFile(manifest.model.file, in: plugin.folder, limit: Self.fileLimit)
            do {
                // The importer copies what it needs; the bytes need not outlive it.
                let graph = try file.withBytes(sha256: manifest.model.sha256) { bytes in
                    let model = try OnnxModel(MappedFile(static: bytes))
                    try Self.check(model, manifest.input)
                    return model.graph
                }
                try self.init(graph, manifest)
            } catch let error where error is Mismatch || error is ModelFileError || error is InferenceError {
                throw EstimatorUnusable("\(file.path): \(error)")
            }
        } catch let error as EstimatorUnusable {
            throw error
        } catch {
            throw EstimatorUnusable("\(error)")
        }
    }

    private struct Mismatch: Error, CustomStringConvertible {
        let description: String
    }

    /// Compares the network's input with the manifest's.
    private static func check(_ model: OnnxModel, _ input: FaceManifest.Input) throws(Mismatch) {
        let graph = model.graph
        guard graph.inputs.count == 1, graph.inputs[0].rank == 4 else {
            throw Mismatch(description: "its inputs are \(graph.inputs.map(\.name).joined(separator: ", ")); face.json is for networks that read one picture")
        }
        guard graph.inputs[0].channels == input.colour.channels else {
            throw Mismatch(description: "its input has \(graph.inputs[0].channels) channels, input.colour in face.json is \(input.colour.rawValue)")
        }
        // Channels in front or behind.
        let declared = model.declaredInputs[graph.inputs[0].name] ?? []
        let meant = [[input.colour.channels, input.height, input.width], [input.height, input.width, input.colour.channels]].contains { wanted in
            zip(declared.dropFirst(), wanted).allSatisfy { $0 == nil || $0 == $1 }
        }
        guard meant else {
            let shown = declared.map { $0.map(String.init) ?? "any" }.joined(separator: ", ")
            throw Mismatch(description: "its input is [\(shown)], face.json states \(input.height) rows and \(input.width) columns")
        }
    }

    private init(_ graph: Graph, _ manifest: FaceManifest) throws {
        let (height, width, channels) = (manifest.input.height, manifest.input.width, manifest.input.colour.channels)
        let compiled = try CompiledGraph(graph)
        let outputs: [(place: Int, count: Int)] = try manifest.outputs.map { output in
            let names = compiled.outputNames
            guard let place = output.name.map(names.firstIndex(of:)) ?? (names.count == 1 ? 0 : nil) else {
                throw Mismatch(description: "its outputs are \(names.joined(separator: ", ")); face.json "
                               + (output.name.map { "names \(shown($0))" } ?? "names none of them"))
            }
            return (place, output.values.count)
        }
        /// How many numbers the network gives for so many faces, if it does as the manifest says.
        func results(_ faces: Int) throws -> Int {
            let shapes: [Shape]
            do throws(InferenceError) {
                shapes = try compiled.outputShapes(for: [[faces, height, width, channels]])
            } catch {
                throw Mismatch(description: "it does not take an input of \(height) rows and \(width) columns, as face.json states: \(error)")
            }
            for output in outputs {
                let shape = shapes[output.place]
                guard shape.extents.first == faces, shape.extents.last == output.count, shape.count == faces * output.count else {
                    throw Mismatch(description: "its output \(compiled.outputNames[output.place]) has shape \(shape); face.json states \(Shape([faces, output.count]))")
                }
            }
            return shapes.reduce(0) { $0 + $1.count }
        }
        let numbers = try results(1)
        guard numbers <= Self.resultLimit else { throw Mismatch(description: "it gives \(numbers) numbers for a face; at most \(Self.resultLimit) are taken") }
        let most = max(1, min(Self.faceLimit, Self.pixelLimit / (height * width), Self.resultLimit / numbers))
        // A file that was exported for one picture may do for one only.
        batch = (try? results(most)) == nil ? 1 : most
        self.graph = compiled
        self.outputs = outputs
        input = FaceInput(manifest)
    }

    /// Computes the network's numbers for some faces.
    ///
    /// - Parameter crops: At most `batch`, each of the input's extents.
    /// - Returns: For each crop, for each output of the manifest, its numbers as they come.
    func run(_ crops: [Picture]) throws -> [[[Float]]] {
        let results = try graph.run([input.tensor(crops)])
        return crops.indices.map { face in
            outputs.map { output in
                results[output.place].withUnsafeBufferPointer { Array($0[(face * output.count)..<((face + 1) * output.count)]) }
            }
        }
    }
}
