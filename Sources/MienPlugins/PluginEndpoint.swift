package import MienEstimation
package import MienMessages

/// A plugin that can be asked, wherever its code runs: the contract of `mien.v1.Plugin`. Those who ask cannot tell processes, libraries and Swift apart.
///
/// All of it blocks, and is called on compute threads only. Any number of them may ask at once.
package protocol PluginEndpoint: Sendable {
    /// - Throws: `CallError`: `unavailable` if the plugin cannot be reached or has ended, with the cause; `internalError` if it failed at this question;
    ///   `deadlineExceeded`; `CancellationError` once `context.isCancelled`.
    func describe(_ context: EstimationContext) throws -> Proto.PluginDescription
    func warm(_ request: Proto.WarmPluginRequest, _ context: EstimationContext) throws
    func estimateFaces(_ request: Proto.PluginFacesRequest, _ context: EstimationContext) throws -> Proto.PluginReadings
    func estimateVoices(_ request: Proto.PluginVoicesRequest, _ context: EstimationContext) throws -> Proto.PluginReadings

    /// Why it cannot be asked at the moment; nil if it can.
    var obstacle: String? { get }
    /// Calls `body`, from anywhere, whenever `obstacle` has changed.
    func whenObstacleChanges(_ body: @escaping @Sendable () -> Void)
    /// Lets it go; nothing is asked afterwards.
    func close() async
}

/// An estimator of a plugin.
protocol PluginEstimator: SupervisedEstimator {
    var endpoint: any PluginEndpoint { get }
}

extension PluginEstimator {
    package var obstacle: String? { endpoint.obstacle }
    package func whenObstacleChanges(_ body: @escaping @Sendable () -> Void) { endpoint.whenObstacleChanges(body) }
}
