package io.github.t6j.model;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.t6j.attention.AttentionConfig;
import io.github.t6j.attention.LayerOptions;
import io.github.t6j.attention.Rope;
import io.github.t6j.attention.TensorRole;
import io.github.t6j.attention.grouped.GroupedQueryConfig;
import io.github.t6j.attention.latent.LatentConfig;
import java.util.EnumSet;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import org.junit.jupiter.api.Test;

/** Tests the text of a configuration in the fingerprint of saved sessions: a change would make all of them invalid. */
class ModelConfigTest {
    private static final ModelConfig.Sizes SIZES = new ModelConfig.Sizes(97, 2, 40, 64, 32);
    private static final String SIZES_TEXT =
            "sizes=Sizes[vocabulary=97, layers=2, width=40, hidden=64, contextLength=32]";
    private static final String FORM_TEXT = "form=Form[adjacent=false, counterclockwise=false, rounded=true]";

    @Test
    void plainPartsAreOmitted() {
        AttentionConfig latent = new LatentConfig(4, 12, 10, 20, 14, 8);
        ModelConfig config = new ModelConfig(
                "T6", "MLA", SIZES, latent, new Rope.Config(8, 0f, Rope.Form.OFFICIAL),
                new ModelConfig.Norms(1e-6f, false), List.of("an assumption"));

        assertThat(config.identity()).isEqualTo("ModelConfig[family=T6, name=MLA, " + SIZES_TEXT
                + ", attention=LatentConfig[heads=4, headDim=12, valueDim=10, queryRank=20, rank=14, rope=8"
                + ", parts=Parts[latents=1, branches=1], factors=Factors[query=1.0, latent=1.0, output=1.0]]"
                + ", linear=false, rope=Config[rotaryDim=8, decayBase=0.0, " + FORM_TEXT
                + ", frequencies=[], factor=1.0], norms=Norms[epsilon=1.0E-6, heads=false], optional=[]"
                + ", assumptions=[]]");
    }

    @Test
    void usedPartsAreIncluded() {
        LayerOptions options = new LayerOptions(1e-5f, new TreeSet<>(Set.of(1)), 9, new TreeSet<>(Set.of(0)));
        Rope.Others others = new Rope.Others(List.of(0.5f), List.of(), 0);
        ModelConfig config = new ModelConfig(
                "Llama", "GQA", SIZES,
                new GroupedQueryConfig(4, 10, 2, options.with(new LayerOptions.Scores(16, 50f))), false,
                new Rope.Config(2, 0f, Rope.Form.OFFICIAL, List.of(1f), 1f, others),
                new ModelConfig.Norms(1e-5f, true),
                new ModelConfig.Experts(8, 2, 24, true, new TreeSet<>(Set.of(0, 1))),
                EnumSet.of(TensorRole.OUTPUT), List.of(),
                new ModelConfig.Scales(2f, 1f, 1f, 30f, 1f, ModelConfig.Activation.GELU_TANH), 3);

        assertThat(config.identity()).isEqualTo("ModelConfig[family=Llama, name=GQA, " + SIZES_TEXT
                + ", attention=GroupedQueryConfig[heads=4, headDim=10, keyValueHeads=2"
                + ", options=LayerOptions[normEpsilon=1.0E-5, unrotated=[1], window=9, windowed=[0]"
                + ", scores=Scores[divisor=16.0, cap=50.0]]], linear=false, rope=Config[rotaryDim=2, decayBase=0.0, "
                + FORM_TEXT + ", frequencies=[1.0], factor=1.0"
                + ", others=Others[windowed=[0.5], longer=[], original=0]], norms=Norms[epsilon=1.0E-5, heads=true]"
                + ", experts=Experts[count=8, used=2, hidden=24, normalised=true, layers=[0, 1]], optional=[OUTPUT]"
                + ", assumptions=[], scales=Scales[embedding=2.0, residual=1.0, logits=1.0, logitCap=30.0"
                + ", gainOffset=1.0, activation=GELU_TANH]]");
    }
}
