import FaceFinding
import MienEstimation
import MienMedia

/// An estimator made of a manifest and a network: CenterFace finds the faces, the network reads them.
///
/// What the answers are worth is the manifest's author's to say; nothing here is calibrated.
struct OnnxFace: FaceEstimator {
    let description: EstimatorDescription
    private let finder: FaceFinder
    private let reader: FaceReader

    static func description(of manifest: FaceManifest) -> EstimatorDescription {
        EstimatorDescription(id: manifest.id, version: manifest.version, summary: manifest.summary, modality: .face, categories: manifest.categories,
                             dimensions: manifest.dimensions, nativeLabels: manifest.nativeLabels, models: [FaceFinder.model, manifest.id])
    }

    /// - Throws: `EstimatorUnusable` if the plugin's network cannot be used; what `FaceFinder` throws.
    init(_ plugin: OnnxFacePlugin, _ models: any ModelFiles) throws {
        description = Self.description(of: plugin.manifest)
        finder = try FaceFinder(models)
        reader = try FaceReader(plugin)
    }

    func estimate(_ picture: Picture, options: FaceOptions, context: EstimationContext) throws -> FaceAnswer {
        try context.checkCancellation()
        let picture = picture.boundedForFaces()
        return try reader.read(finder.faces(in: picture, options: options), of: picture, context: context)
    }
}

/// From faces that were found to what they show.
struct FaceReader: Sendable {
    private let manifest: FaceManifest
    private let input: FaceInput
    private let network: FaceNetwork

    /// - Throws: `EstimatorUnusable`.
    init(_ plugin: OnnxFacePlugin) throws(EstimatorUnusable) {
        manifest = plugin.manifest
        input = FaceInput(manifest)
        network = try FaceNetwork(plugin)
    }

    /// Estimates faces, several in one run of the network.
    ///
    /// A face for which the network gives numbers that are not finite has no estimate, and a warning about the picture says which it is.
    ///
    /// - Throws: `ScoresNotFinite` if that goes for every face, since no estimates would say that there is no face; `CancellationError`.
    func read(_ faces: [FoundFace], of picture: Picture, context: EstimationContext) throws -> FaceAnswer {
        var answer = FaceAnswer(estimates: [])
        for start in stride(from: 0, to: faces.count, by: network.batch) {
            try context.checkCancellation()
            let some = faces[start..<min(start + network.batch, faces.count)]
            let seen = some.map { face in
                let crop = input.cut(face, from: picture)
                return (face: face, assessment: FaceAssessment(face, crop: crop), pixels: input.fitted(crop))
            }
            for (one, numbers) in zip(seen, try network.run(seen.map(\.pixels))) {
                guard let scores = FaceScores(numbers, manifest) else {
                    answer.warnings.append(Self.warning(one.face.face.box))
                    continue
                }
                answer.estimates.append(FaceEstimate(face: one.face.face, categories: scores.categories, dimensions: scores.dimensions, nativeScores: scores.native,
                                                     quality: one.assessment.quality, warnings: one.assessment.warnings))
            }
        }
        if answer.estimates.isEmpty, !faces.isEmpty {
            throw ScoresNotFinite("estimator \(manifest.id) gives numbers that are not finite for every face of the picture")
        }
        return answer
    }

    private static func warning(_ box: Box) -> EstimateWarning {
        let place = [box.left, box.top, box.width, box.height].map { Int($0) }
        return EstimateWarning(reason: "SCORES_NOT_FINITE", message: "there is no estimate of the face of \(place[2]) x \(place[3]) pixels at \(place[0]), \(place[1]): "
                               + "the network gives numbers that are not finite")
    }
}
