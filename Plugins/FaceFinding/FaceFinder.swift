package import MienEstimation
package import MienMedia

/// Finds the faces of a picture, for every estimator that reads faces.
package final class FaceFinder: Sendable {
    /// The model it needs, for `EstimatorDescription.models`.
    package static let model = "centerface"

    private let detector: FaceDetector

    /// - Throws: `ModelUnavailable` if the model is not installed, `ModelFileError` if its file is not CenterFace.
    package init(_ models: any ModelFiles) throws {
        detector = try FaceDetector(path: models.path(model: Self.model, file: "centerface.onnx"))
    }

    /// The faces that `options` ask for, the most confident first; the picture itself as the only one if it is to be taken whole.
    package func faces(in picture: Picture, options: FaceOptions) throws -> [FoundFace] {
        if options.wholePicture { return [FoundFace(whole: picture)] }
        var detections = try detector.detect(picture, minimumConfidence: options.minimumConfidence)
        if let most = options.maximumFaces, detections.count > most {
            let largest = detections.indices.sorted { detections[$0].box.area > detections[$1].box.area }.prefix(max(most, 0))
            detections = largest.sorted().map { detections[$0] }
        }
        return detections.map { FoundFace($0, in: picture) }
    }
}

/// One face of a picture.
package struct FoundFace: Sendable {
    /// In pixels of the photo, which the picture at hand may be a smaller version of.
    package let face: DetectedFace
    /// Pixels of the picture at hand per pixel of the photo.
    package let scale: Float
    /// The picture is the face; nothing was looked for.
    package let isWhole: Bool
    /// Share of the face's box that lies inside the photo, 0...1.
    package let visible: Float
    /// The face may go on beyond the photo.
    package let isAtEdge: Bool

    /// The picture as a face.
    package init(whole picture: Picture) {
        let box = Box(left: 0, top: 0, width: Float(picture.originalWidth), height: Float(picture.originalHeight))
        face = DetectedFace(box: box, landmarks: [], confidence: 1, pose: nil)
        scale = Float(picture.width) / Float(picture.originalWidth)
        isWhole = true
        visible = 1
        isAtEdge = false
    }

    init(_ detection: Detection, in picture: Picture) {
        face = DetectedFace(box: detection.box, landmarks: detection.landmarks, confidence: detection.confidence,
                            pose: HeadPose(landmarks: detection.landmarks))
        scale = Float(picture.width) / Float(picture.originalWidth)
        isWhole = false
        visible = detection.visible
        isAtEdge = detection.isAtEdge(of: picture)
    }

    /// The face's box in pixels of the picture at hand.
    package var box: Box { face.box.scaled(by: scale) }
}

extension FaceAssessment {
    /// - Parameter crop: What the estimator sees of the face, of any size.
    package init(_ found: FoundFace, crop: Picture) {
        let gray = crop.grayscale()
        let side = Self.cropSide
        self.init(crop: gray.width == side && gray.height == side ? gray : gray.resizedSmoothly(width: side, height: side),
                  side: min(found.face.box.width, found.face.box.height), pose: found.face.pose, visible: found.visible,
                  atEdge: found.isAtEdge)
    }
}
