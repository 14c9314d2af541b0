package io.github.t6j.training.assembly;

import io.github.t6j.ModelFormatException;
import io.github.t6j.attention.AttentionConfig;
import io.github.t6j.attention.LayerOptions;
import io.github.t6j.attention.Rope;
import io.github.t6j.attention.TensorRole;
import io.github.t6j.attention.grouped.GroupedFactors;
import io.github.t6j.attention.grouped.GroupedQueryConfig;
import io.github.t6j.attention.grouped.GroupedTiedConfig;
import io.github.t6j.attention.grouped.MultiMatrixConfig;
import io.github.t6j.attention.latent.LatentConfig;
import io.github.t6j.attention.tpa.TpaConfig;
import io.github.t6j.attention.tpa.forms.HeadActivation;
import io.github.t6j.attention.tpa.forms.TpaForm;
import io.github.t6j.attention.tpa.steps.SteppedConfig;
import io.github.t6j.family.olala.OlalaFamily;
import io.github.t6j.model.ModelConfig;
import java.util.Locale;

/** Check that {@link Assembly} can build a model: the engine runs more models than it trains. */
public final class SupportedModels {
    private SupportedModels() {}

    /** @throws ModelFormatException if training does not support the model; the message names the reason */
    public static void check(ModelConfig config) {
        if (config.family().equals(OlalaFamily.NAME)) {
            throw refused("family", "T6, MLRA or Llama", OlalaFamily.NAME + " (" + config.name() + ")");
        }
        if (config.experts() != null) {
            throw refused("feed-forward part", "a dense one", config.experts().count() + " experts");
        }
        if (!config.scales().equals(ModelConfig.Scales.PLAIN)) {
            throw refused("multipliers, caps and activation", "those of Llama", config.name());
        }
        if (config.optional().contains(TensorRole.OUTPUT_GATE)) {
            throw refused("attention", "an output without gates", config.name());
        }
        check(config.attention());
        if (!config.rope().others().equals(Rope.Others.NONE)) {
            throw refused("RoPE", "one for all layers and lengths", config.name());
        }
        if (config.rope().factor() != 1) {
            throw refused("RoPE", "no scaling", "yarn");
        }
    }

    private static void check(AttentionConfig attention) {
        switch (attention) {
            case TpaForm form -> check(form);
            case LatentConfig latent when latent.parts().branches() > 1 ->
                throw unsupported("MLRA-" + latent.parts().branches());
            case LatentConfig latent when latent.parts().latents() > 1 ->
                throw unsupported("GLA-" + latent.parts().latents());
            case GroupedQueryConfig grouped when !grouped.options().scores().equals(LayerOptions.Scores.PLAIN) ->
                throw refused("scores", "products divided by √d", grouped.options().scores());
            case TpaConfig _,SteppedConfig _,GroupedQueryConfig _,LatentConfig _ -> {
            }
            case GroupedFactors _ -> throw refused("heads", "whole heads", "factors (t6j.json)");
            case GroupedTiedConfig _ -> throw unsupported("GTA");
            case MultiMatrixConfig _ -> throw unsupported("MFA");
            default -> throw unsupported(attention);
        }
    }

    private static void check(TpaForm form) {
        if (!form.fixed().isEmpty()) {
            throw refused("factors", "factors that all depend on the token", "fixed "
                    + form.fixed().toString().toLowerCase(Locale.ROOT));
        }
        if (form.sharedFeatures()) {
            throw refused("factors", "separate B_K and B_V", "a shared B");
        }
        if (form.thirdDim() > 0) {
            throw refused("factors", "second order", "third order");
        }
        if (form.activation() != HeadActivation.LINEAR) {
            throw refused("head factors", "no activation",
                    "the activation " + form.activation().name().toLowerCase(Locale.ROOT));
        }
    }

    private static ModelFormatException unsupported(Object attention) {
        return refused("attention", "TPA, MHA, GQA, MQA or MLA", attention);
    }

    private static ModelFormatException refused(String what, String expected, Object found) {
        return ModelFormatException.unsupported("training: " + what + ": expected " + expected + ", found " + found
                + ": t6j can run this model, but cannot train it yet");
    }
}
