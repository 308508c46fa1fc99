package import MienMedia

/// An estimator that reads faces in pictures. Loaded and ready: whatever can fail at loading has failed before.
package protocol FaceEstimator: Estimator {
    /// Finds the faces and estimates each. Runs on a compute thread, so it may take its time, but asks `context` now and then
    /// whether anyone still waits.
    ///
    /// - Throws: `CancellationError` once `context.isCancelled`; anything else is a defect of the estimator.
    func estimate(_ picture: Picture, options: FaceOptions, context: EstimationContext) throws -> FaceAnswer
}

package struct FaceOptions: Sendable {
    /// Skip detection: the whole picture is one face.
    package var wholePicture = false
    /// Lowest detection confidence that counts as a face, 0...1.
    package var minimumConfidence: Float = 0.5
    /// Answer for at most so many faces, the largest first. `nil`: all.
    package var maximumFaces: Int? = nil
    /// The only categories that anyone asks for: an estimator may leave out the rest, and need not. `nil`: all.
    package var categories: [Category]? = nil
    package init() {}
}
