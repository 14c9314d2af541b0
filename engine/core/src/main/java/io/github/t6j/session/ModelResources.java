package io.github.t6j.session;

import io.github.t6j.ComputeKernels;
import io.github.t6j.kernels.Workers;
import io.github.t6j.kernels.choice.KernelChoice;
import io.github.t6j.kernels.choice.WarmingKernels;
import io.github.t6j.model.Transformer;
import io.github.t6j.weights.NativeMemory;
import io.github.t6j.weights.checkpoint.ResourcePath;

/** Memory and threads of a model, freed once by {@link #run}; must not reference the model. */
public final class ModelResources implements Runnable {
    private final WarmingKernels kernels;
    private final NativeMemory weights = NativeMemory.shared();
    private final Workers workers;
    private final ResourcePath resource; // or null
    private volatile Transformer transformer; // null until it is loaded

    /**
     * @param option kernels that compute, or null for the fastest in Java
     * @param threads number of threads that compute, or 0 for one per core
     * @param resource resource that the model is read from, closed with the others, or null
     */
    public ModelResources(ComputeKernels option, int threads, ResourcePath resource) {
        kernels = KernelChoice.warming(option);
        workers = new Workers(threads == 0 ? Runtime.getRuntime().availableProcessors() : threads);
        this.resource = resource;
    }

    public WarmingKernels kernels() {
        return kernels;
    }

    public Workers workers() {
        return workers;
    }

    /** Returns the memory of the weights. */
    public NativeMemory weights() {
        return weights;
    }

    /** Sets the loaded model, and lets its threads leave the processors to the compiler until the kernels are warm. */
    public void loaded(Transformer newTransformer) {
        transformer = newTransformer;
        workers.leaveProcessorWhile(kernels::isWarmingUp);
    }

    @Override
    public void run() {
        kernels.close();
        workers.close();
        if (transformer != null) {
            transformer.close();
        }
        weights.close();
        if (resource != null) {
            resource.close();
        }
    }
}
