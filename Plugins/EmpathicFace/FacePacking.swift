package import InferenceCore
import MienJSON
package import MienMedia
package import MienNetworks

/// Makes a packed file of what the model hub has: in one folder `encoder`, SigLIP2 as transformers saves it, and `heads`, a checkpoint for each head.
package enum FacePacking {
    /// Of the packed model.
    package static let model = EmpathicFace.model

    /// - Parameters:
    ///   - source: The folder that holds both.
    ///   - path: Of the new file.
    ///   - origin: Where the weights come from, in words.
    ///   - pictures: Faces for which every head is also computed at f32; the differences are stated in the file.
    /// - Returns: The differences; empty without pictures.
    /// - Throws: `ModelFileError` naming the file that is to blame.
    package static func pack(
        _ source: String, to path: String, precision: Precision, origin: String, measuring pictures: [Picture] = [],
        progress: (_ part: String, _ done: Int, _ total: Int) -> Void = { _, _, _ in }
    ) throws -> [HeadDrift] {
        let processor = Processor(precision: precision), folder = source + "/encoder"
        let json = try ConfigurationFile(path: folder + "/config.json"), configuration = try SiglipConfiguration(json: json.bytes)
        try checkPreprocessing(folder + "/preprocessor_config.json", side: configuration.image)
        let heads = try HeadPacking(source + "/heads", kind: .face), weights = try Safetensors(folder: folder)
        let writer = try PackedFileWriter(path: path, contents: model, for: processor)
        func features(_ encoder: SiglipEncoder) throws -> [Float] {
            pictures.isEmpty ? [] : try encoder.encode(FaceReader.pixels(pictures, side: configuration.image)).pooled!.values
        }
        progress("encoder", 0, 1)
        var rows = HeadPacking.Rows(packed: [], exact: [])
        do {
            let encoder = try SiglipEncoder(weights, configuration: configuration, on: processor)
            guard encoder.hasHead else { throw ModelFileError(.missing, file: weights.path, "the tower does not pool, and the heads of faces read what it pools") }
            try writer.section("encoder") { try encoder.write(to: &$0) }
            rows.packed = try features(encoder)
        }
        if !pictures.isEmpty {
            progress("encoder at f32, to compare", 0, 1)
            rows.exact = precision == .f32 ? rows.packed : try features(SiglipEncoder(weights, configuration: configuration, on: processor.at(.f32)))
        }
        let (entries, drift) = try heads.pack(to: writer, on: processor, rows: [configuration.width: rows], count: pictures.count, progress: progress)
        try writer.finish(facts: PackedFacts.make(source: origin, isRandom: weights.isRandom, encoder: json.value, heads: entries, drift: drift, inputs: pictures.count))
        return drift
    }

    /// - Throws: `ModelFileError` if the file does not hold a tower that pools.
    static func encoder(in file: PackedFile, on processor: Processor) throws -> SiglipEncoder {
        let configuration = try SiglipConfiguration(json: Array(file.fact("encoder").text().utf8))
        return try file.read("encoder") { try SiglipEncoder(&$0, configuration: configuration, hasHead: true, on: processor) }
    }

    /// Refuses a model that wants its pictures otherwise than `FaceReader.pixels` makes them. A model without the file is taken at its word.
    private static func checkPreprocessing(_ path: String, side: Int) throws {
        guard MappedFile.exists(path) else { return }
        let json = try ConfigurationFile(path: path).value
        func has(_ name: String, _ wanted: Double) -> Bool { json[name].map { $0.number?.double.map { abs($0 - wanted) < 1e-6 } ?? false } ?? true }
        func all(_ name: String) -> Bool { json[name]?.array.map { $0.allSatisfy { $0.number?.double == 0.5 } } ?? true }
        let size = json["size"]
        // 2 is bilinear.
        guard has("resample", 2), has("rescale_factor", 1.0 / 255), all("image_mean"), all("image_std"),
              size == nil || (size?["height"]?.number?.integer() == side && size?["width"]?.number?.integer() == side) else {
            throw ModelFileError(.unsupported, file: path, "asks for other pictures than \(side) x \(side), bilinear, -1 to 1")
        }
    }
}
