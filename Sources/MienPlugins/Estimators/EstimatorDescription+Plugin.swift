import FaceFinding
package import MienEstimation
package import MienMessages
import SpeechFinding

extension EstimatorDescription {
    /// What a plugin's manifest says of an estimator, in the host's words. Its weights count as a model of its own name, for licence and attribution.
    package init(_ estimator: Proto.PluginEstimator) {
        let isFace = if case .face? = estimator.input { true } else { false }
        self.init(id: estimator.id, version: estimator.version, summary: estimator.summary, modality: isFace ? .face : .voice,
                  categories: estimator.categories.compactMap { Category(matching: $0) }, dimensions: estimator.dimensions.compactMap(Dimension.init),
                  attributes: estimator.attributes, nativeLabels: estimator.nativeLabels,
                  models: [isFace ? FaceFinder.model : SpeechFinding.model, estimator.id], minimumReliability: estimator.minimumReliability,
                  usesNeutral: estimator.usesNeutral, cost: estimator.costMs, skill: estimator.skill, isOnline: estimator.online)
    }
}
