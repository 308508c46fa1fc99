import EmpathicFace
import EmpathicVoice
import FaceExpression
import FaceFinding
import MienEstimation
import MienModels
import SpeechFinding
import VoiceEmotion

/// What comes with this build. The only place that knows the plugins by name.
enum BuiltIn {
    static let estimators: [EstimatorFactory] = [faceExpressionFactory, voiceEmotionFactory, empathicFaceFactory, empathicVoiceFactory]

    private static func catalogue() throws(ModelStoreError) -> ModelCatalogue {
        var catalogue = try ModelCatalogue.decode(EmbeddedFiles.modelCatalogue, scripts: EmbeddedFiles.scripts, origin: "FaceExpression/model.json")
        try catalogue.merge(.decode(FaceFinding.catalogue, origin: "FaceFinding/model.json"))
        try catalogue.merge(.decode(VoiceModels.catalogue, origin: "VoiceEmotion/model.json"))
        try catalogue.merge(.decode(SpeechFinding.catalogue, origin: "SpeechFinding/model.json"))
        try catalogue.merge(.decode(EmpathicFaceModels.catalogue, origin: "EmpathicFace/model.json"))
        try catalogue.merge(.decode(EmpathicVoiceModels.catalogue, origin: "EmpathicVoice/model.json"))
        return catalogue
    }

    /// Names that a plugin cannot have, because they are taken by estimators or models of this build, or by all estimators together.
    ///
    /// - Throws: `Failure`.
    static func ids() throws -> Set<String> { Set(estimators.map(\.description.id) + (try store().catalogue.models.map(\.id)) + [EstimatorDescription.ensembleID]) }

    /// The model store, with the catalogues of all built-in plugins.
    static func store() throws -> ModelStore {
        do throws(ModelStoreError) {
            return ModelStore(home: try ModelStore.defaultHome(), catalogue: try catalogue())
        } catch {
            throw Failure(error.description, code: ExitStatus.unavailable)
        }
    }
}
