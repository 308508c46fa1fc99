import InferenceCore
import MienMedia
import MienNetworks

private var extents: [Int] { arguments[3].split(separator: ",").compactMap { Int($0) } }

/// The network of the file that the command line names (an ONNX model, or the safetensors file of mini-Xception), and noise for it.
private func network(threads: Int) throws -> (CompiledGraph, Tensor) {
    let path = arguments[2], extents = extents
    guard extents.count == 4, extents.allSatisfy({ $0 > 0 }) else { fail("\(arguments[3]) is not N,C,H,W") }
    let graph = path.hasSuffix(".onnx") ? try OnnxModel(path: path).graph : try MiniXception.graph(from: Safetensors(path: path))
    // Channels last, as the core has them.
    let shape = Shape([extents[0], extents[2], extents[3], extents[1]])
    let network = try CompiledGraph(graph, options: .init(threads: threads))
    let input = Tensor(shape: shape, values: (0..<shape.count).map { _ in Float.random(in: 0..<255) })
    _ = try network.run([input])
    return (network, input)
}

/// With three extents, N,MELS,FRAMES, the file is that of a Whisper encoder; it may also be a vision tower.
func benchmarkNetwork(threads: Int, repeats: Int) throws {
    let name = arguments.count > 6 ? arguments[6] : "f32"
    guard let precision = Precision(rawValue: name) else { fail("\(name) is no precision") }
    let processor = Processor(threads: threads, precision: precision), shape = Shape(extents)
    if extents.count == 4, arguments[2].hasSuffix(".safetensors"), case let file = try Safetensors(path: arguments[2]), file.names.contains(where: { $0.hasPrefix("vision_model.") }) {
        let encoder = try SiglipEncoder(file, configuration: SiglipConfiguration(of: file, heads: file.metadata["heads"].flatMap { Int($0) }), on: processor)
        let pictures = Tensor(shape: shape, values: (0..<shape.count).map { _ in Float.random(in: -1...1) })
        return try answerTimes(repeats: repeats) { _ = try encoder.encode(pictures, layout: .channelsFirst) }
    }
    if extents.count == 3, extents.allSatisfy({ $0 > 0 }) {
        let encoder = try WhisperEncoder(Safetensors(path: arguments[2]), on: processor)
        let mel = Tensor(shape: shape, values: (0..<shape.count).map { _ in Float.random(in: -1..<1.5) })
        return try answerTimes(repeats: repeats) { _ = try encoder.encode(mel, layout: .melsFirst) }
    }
    let (network, input) = try network(threads: threads)
    try answerTimes(repeats: repeats) { _ = try network.run([input]) }
}

/// Prints how far a Whisper encoder's states at int8 are from those at f32, for a recording's first 30 s: root mean square error over root
/// mean square, after each layer.
func measureDrift(_ model: String, _ recording: String) throws {
    let mel = try LogMel(mels: 80).features(of: AudioSource(path: recording).beginning(30 * LogMel.sampleRate), window: 3000)
    func states(_ precision: Precision) throws -> [[Float]] {
        let processor = Processor(precision: precision)
        let encoder = try model.hasSuffix(".bin") ? WhisperEncoder(CTranslate2Model(path: model), on: processor) : WhisperEncoder(Safetensors(path: model), on: processor)
        let layers = 0...encoder.configuration.layers
        let result = try encoder.encode(Tensor(shape: [1, mel.shape[0], mel.shape[1]], values: mel.values), hidden: Set(layers))
        return layers.map { result.hidden[$0]!.values } + [result.output!.values]
    }
    for (layer, (exact, rounded)) in try zip(states(.f32), states(.int8)).enumerated() {
        let error = zip(exact, rounded).reduce(0.0) { $0 + Double(($1.0 - $1.1) * ($1.0 - $1.1)) }, size = exact.reduce(0.0) { $0 + Double($1 * $1) }
        print("\(layer): \((error / size).squareRoot())")
    }
}

/// Prints the least time of each operation over some runs.
func profileNetwork(threads: Int) throws {
    let (network, input) = try network(threads: threads)
    var times = try network.profile([input]).times
    for _ in 0..<20 {
        let again = try network.profile([input]).times
        for index in times.indices where again[index].seconds < times[index].seconds { times[index] = again[index] }
    }
    for time in times {
        let microseconds = Int(time.seconds * 1e6)
        print("\(String(repeating: " ", count: max(0, 8 - String(microseconds).count)))\(microseconds) us  \(time.shape)  \(time.name)")
    }
    print("total \(Int(times.map(\.seconds).reduce(0, +) * 1e6)) us")
}
