import Foundation
import MienEstimation
import MienMedia
import Testing

/// The PublicTest half of FER2013 with the answers of Scripts/reference/face_pipeline.py --export; not part of the project.
@Suite("FER2013", .enabled(if: Models.areInstalled && Models.fer2013 != nil, "set MIEN_FER2013 to the file of face_pipeline.py --export"))
struct FER2013Tests {
    @Test func accuracyIsTheReferencesToATenthOfAPoint() throws {
        let bytes = try #require(Models.fer2013)
        let count = bytes.withUnsafeBytes { Int($0.loadUnaligned(as: UInt32.self)) }
        let stride = 1 + 7 * 4 + 48 * 48
        try #require(count > 0 && bytes.count == 4 + count * stride)
        var options = FaceOptions()
        options.wholePicture = true
        var right = 0, rightInReference = 0, same = 0
        var largest: Float = 0
        for index in 0..<count {
            let start = 4 + index * stride
            let label = Int(bytes[start])
            let expected = (0..<7).map { position in
                bytes.withUnsafeBytes { $0.loadUnaligned(fromByteOffset: start + 1 + 4 * position, as: Float.self) }
            }
            let picture = Picture(width: 48, height: 48, format: .gray, pixels: Array(bytes[(start + 29)..<(start + stride)]))
            let answer = try Models.estimator.estimate(picture, options: options, context: EstimationContext())
            let scores = try #require(answer.estimates.first).nativeScores.map(\.score)
            largest = max(largest, zip(scores, expected).map { abs($0 - $1) }.max()!)
            let guess = scores.firstIndex(of: scores.max()!)!, reference = expected.firstIndex(of: expected.max()!)!
            right += guess == label ? 1 : 0
            rightInReference += reference == label ? 1 : 0
            same += guess == reference ? 1 : 0
        }
        print("FER2013 PublicTest: \(right) of \(count) right, reference \(rightInReference), same answer \(same), largest difference \(largest)")
        #expect(abs(right - rightInReference) * 1000 <= count)
        #expect(same == count)
        #expect(largest < 1e-4)
    }
}
