import FaceExpression
import MienEstimation
import Testing

@Suite struct DescriptionTests {
    @Test func theEstimatorSaysWhatItCovers() {
        let description = faceExpressionFactory.description
        #expect(description.id == "face-expression")
        #expect(description.models == ["centerface", "fer-mini-xception"])
        #expect(description.categories.map(\.name) == ["Anger", "Disgust", "Fear", "Elation", "Sadness", "Astonishment/Surprise"])
        #expect(description.nativeLabels.count == 7)
    }
}
