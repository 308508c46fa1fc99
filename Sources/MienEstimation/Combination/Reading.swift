/// What is said of a face and of a clip alike.
package protocol Reading: Sendable {
    var categories: [CategoryEstimate] { get }
    var dimensions: [DimensionEstimate] { get }
    var attributes: [AttributeEstimate] { get }
    var nativeScores: [NativeScore] { get }
    var predictionSet: PredictionSet? { get }
    /// Of several estimators together: what each said.
    var members: [MemberReading<Self>] { get }
    /// What others say beside it.
    var shadows: [ShadowReading<Self>] { get }
}

extension FaceEstimate {
    package var predictionSet: PredictionSet? { nil }
}

/// What one of several estimators says.
package struct MemberReading<Value: Sendable>: Sendable {
    /// Its place in the combination.
    package var index: Int
    package var value: Value
}

/// What an estimator says that is asked beside another, if it can.
package struct ShadowReading<Value: Sendable>: Sendable {
    /// Its place in the combination.
    package var index: Int
    package var result: Result<Value, any Error>
}
