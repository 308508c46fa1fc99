import FaceExpression
import MienEstimation
import MienModels

/// What comes with this build. The only place that knows the plugins by name.
enum BuiltIn {
    static let estimators: [EstimatorFactory] = [faceExpressionFactory]

    private static func catalogue() throws(ModelStoreError) -> ModelCatalogue {
        try ModelCatalogue.decode(EmbeddedFiles.modelCatalogue, scripts: EmbeddedFiles.scripts, origin: "FaceExpression/model.json")
    }

    /// The model store, with the catalogues of all built-in plugins.
    static func store() throws -> ModelStore {
        do throws(ModelStoreError) {
            return ModelStore(home: try ModelStore.defaultHome(), catalogue: try catalogue())
        } catch {
            throw Failure(error.description, code: ExitStatus.unavailable)
        }
    }
}
