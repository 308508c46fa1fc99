// A plugin that runs mini-Xception, out of the ONNX file in its folder, on the core that the host has: what tells the kinds of plugins apart is then how they are asked.
import InferenceCore
import MienMessages
import MienNetworks
import MienWire

let streams = try StandardStreams.takeOver()
let network = try CompiledGraph(OnnxModel(path: "face.onnx").graph)
let input = Proto.FaceInput(width: UInt32(MiniXception.inputExtent), height: UInt32(MiniXception.inputExtent), format: .gray8, crop: .box, square: true)
let categories = ["Anger", "Disgust", "Fear", "Elation", "Sadness", "Astonishment/Surprise"]
let estimator = Proto.PluginEstimator(id: "expression-process", version: "1", summary: "Mini-Xception in a process.", categories: categories, nativeLabels: MiniXception.classes,
                                      input: .face(input), batch: 32, licence: "MIT", attribution: "nobody")

func read(_ faces: [[UInt8]]) throws -> [Proto.PluginReading] {
    let side = MiniXception.inputExtent
    let tensor = Tensor(shape: [faces.count, side, side, 1], values: faces.flatMap { $0.map { (Float($0) / 255 - 0.5) * 2 } })
    let scores = try network.run([tensor])[network.outputNames.firstIndex(of: MiniXception.probabilitiesName)!].values
    return faces.indices.map { face in
        let row = scores[face * MiniXception.classes.count..<(face + 1) * MiniXception.classes.count]
        return Proto.PluginReading(categories: zip(categories, row).map { name, score in
            Proto.CategoryEstimate(name: name, intensity: score, nativeScore: score, nativeScale: Proto.NativeScale(minimum: 0, maximum: 1, meaning: "softmax probability"))
        }, nativeScores: zip(MiniXception.classes, row).map { Proto.NativeScore(label: $0, score: $1) })
    }
}

let connection = Connection(input: streams.input, output: streams.output,
                            configuration: ConnectionConfiguration(role: .host, peerName: "expression", peerVersion: "1")) { (method) throws(CallError) in
    switch method {
    case "/mien.v1.Plugin/Describe": .immediate { _, _ in Proto.PluginDescription(id: "expression-process", version: "1", estimators: [estimator]).encoded() }
    case "/mien.v1.Plugin/Warm": .immediate { _, _ in Proto.WarmPluginResponse().encoded() }
    case "/mien.v1.Plugin/EstimateFaces": .unary { _, bytes in
        Proto.PluginReadings(readings: try read(try Proto.PluginFacesRequest(decoding: bytes).faces)).encoded()
    }
    default: throw CallError(.unimplemented, "no method \(method)")
    }
}
connection.start()
_ = await connection.waitUntilEnded()
