import MienEstimation
package import MienMedia

extension Picture {
    /// The picture, smaller if its longer side is over 2048 pixels. No network wants more of a face, and it bounds what a crop takes with its margin.
    package func boundedForFaces() -> Picture {
        let shrink = 2048 / Double(max(width, height))
        guard shrink < 1 else { return self }
        return shrunk(width: max(1, Int((Double(width) * shrink).rounded())), height: max(1, Int((Double(height) * shrink).rounded())))
    }

    /// The part of the picture that shows a face, in the picture's own resolution; what lies beyond the picture is black.
    ///
    /// - Parameters:
    ///   - face: A face of this picture. One that is the whole picture gives the whole picture.
    ///   - margin: Added on every side, as a share of the box's width at the left and right and of its height above and below; 0 is the
    ///     box itself. At least -0.4.
    ///   - isSquare: The shorter side grows around the box's centre to the length of the longer one, before the margin.
    package func cropped(to face: FoundFace, margin: Float = 0, isSquare: Bool = false) -> Picture {
        precondition(margin >= -0.4 && margin <= 4, "a margin of \(margin)")
        if face.isWhole { return self }
        let box = face.box
        let longest = max(box.width, box.height)
        let width = (isSquare ? longest : box.width) * (1 + 2 * margin), height = (isSquare ? longest : box.height) * (1 + 2 * margin)
        // Boxes lie inside the picture, so that none of this is large.
        let left = Int((box.left + (box.width - width) / 2).rounded()), top = Int((box.top + (box.height - height) / 2).rounded())
        return cropped(left: left, top: top, width: max(1, Int(width.rounded())), height: max(1, Int(height.rounded())))
    }

    /// The face turned upright, scaled and shifted so that its landmarks come to lie on `template`; black beyond the picture.
    ///
    /// - Parameters:
    ///   - face: A face of this picture.
    ///   - template: Where the five landmarks belong in the result, in its pixels.
    /// - Returns: Nil if the face has no landmarks, as when it is the whole picture, or if they lie in one point.
    package func aligned(to face: FoundFace, template: FaceTemplate = .arcFace, width: Int, height: Int) -> Picture? {
        let scale = Double(face.scale)
        let source = face.face.landmarks.map { (x: Double($0.x) * scale, y: Double($0.y) * scale) }
        let target = template.points.map { (x: $0.x * Double(width), y: $0.y * Double(height)) }
        return SimilarityTransform(from: source, to: target).flatMap { warped(by: $0, width: width, height: height) }
    }
}

/// Where five landmarks lie in an aligned crop, in shares of its width and height: right eye, left eye, nose tip, right and left corner
/// of the mouth, as the subject has them.
package struct FaceTemplate: Sendable {
    package let points: [(x: Double, y: Double)]

    /// The points that ArcFace, MobileFaceNet and their relatives are trained with (Deng et al., arXiv:1801.07698, on 112 x 112 pixels).
    package static let arcFace = FaceTemplate(points: [
        (38.2946, 51.6963), (73.5318, 51.5014), (56.0252, 71.7366), (41.5493, 92.3655), (70.7299, 92.2041),
    ].map { (x: $0.0 / 112, y: $0.1 / 112) })
}
