import FaceFinding
import MienEstimation
import MienMedia
import MienMessages

/// Faces that a plugin reads: the host finds them and cuts them out as the plugin wants them.
struct PluginFaceEstimator: FaceEstimator, PluginEstimator {
    let description: EstimatorDescription
    private let input: Proto.FaceInput
    private let finder: FaceFinder
    private let reader: PluginReader
    let endpoint: any PluginEndpoint

    /// - Throws: What `FaceFinder` throws.
    init(_ estimator: Proto.PluginEstimator, _ input: Proto.FaceInput, _ endpoint: any PluginEndpoint, _ models: any ModelFiles) throws {
        description = EstimatorDescription(estimator)
        self.input = input
        self.endpoint = endpoint
        reader = PluginReader(estimator)
        finder = try FaceFinder(models)
    }

    func estimate(_ picture: Picture, options: FaceOptions, context: EstimationContext) throws -> FaceAnswer {
        try context.checkCancellation()
        let picture = picture.boundedForFaces()
        let faces = try finder.faces(in: picture, options: options)
        var answer = FaceAnswer(estimates: [])
        let batch = max(Int(reader.estimator.batch), 1)
        for start in stride(from: 0, to: faces.count, by: batch) {
            try context.checkCancellation()
            let crops = faces[start..<min(start + batch, faces.count)].map { (face: $0, crop: cut($0, from: picture)) }
            let request = Proto.PluginFacesRequest(estimator: description.id, faces: crops.map { fitted($0.crop).pixels },
                                                   categories: options.categories?.map(\.name) ?? [])
            let readings = try reader.read(endpoint.estimateFaces(request, context), count: crops.count)
            for (seen, reading) in zip(crops, readings) {
                let assessment = FaceAssessment(seen.face, crop: seen.crop)
                answer.estimates.append(FaceEstimate(face: seen.face.face, categories: reading.categories, dimensions: reading.dimensions,
                                                     attributes: reading.attributes, nativeScores: reading.nativeScores, quality: assessment.quality,
                                                     warnings: assessment.warnings + reading.warnings))
            }
        }
        return answer
    }

    private func cut(_ face: FoundFace, from picture: Picture) -> Picture {
        if input.crop == .aligned, let aligned = picture.aligned(to: face, width: Int(input.width), height: Int(input.height)) { return aligned }
        // Landmarks in one point say nothing; the box is what is left then.
        return picture.cropped(to: face, margin: input.margin, isSquare: input.square || input.crop == .aligned)
    }

    /// A crop as the plugin wants it.
    private func fitted(_ crop: Picture) -> Picture {
        let crop = input.format == .gray8 ? crop.grayscale() : crop.inColour()
        let width = Int(input.width), height = Int(input.height)
        return crop.width == width && crop.height == height ? crop : crop.resizedSmoothly(width: width, height: height)
    }
}

extension Picture {
    fileprivate func inColour() -> Picture {
        guard format == .gray else { return self }
        return Picture(width: width, height: height, format: .rgb, pixels: pixels.flatMap { [$0, $0, $0] })
    }
}
