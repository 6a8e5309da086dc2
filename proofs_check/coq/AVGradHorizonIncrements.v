(* The increments of v_t in T5c's sums of AVGrad: c = 2wG^2/eps, B_t = t eps + t vbar_t,
    and weights s_t that grow from 0,
       sum s_t (v_t - v_{t-1})/B_t <= sum (s_t - s_{t-1}) Psi(c/t),
   because each (v_t - v_{t-1})/B_t <= f_{t-1} - f_t, where f_t = Psi(2wG^2/B_{t+1}) - v_t/B_{t+1} >= 0 and f_{t-1}
       <= Psi(c/t).
   The right side is at most Psi(c) s_T, and below int_0^1 Psi(c/(Tu^2)) du = Psi1(c/T) for sqrt(t/T) and
   int_0^1 Psi(c/(Tu)) du = Psi2(c/T) for t/T. *)
From Coq Require Import Reals Lra Lia.
From Mada Require Import Sums Logarithm RatioSums DecreasingWeights AVGradWeights AVGradRatioSum.
Local Open Scope R_scope.

Definition Psi1 (c : R) : R := sqrt (Rmin c 1) * (4 - ln (Rmin c 1)) + ln (Rmax c 1).
Definition Psi2 (c : R) : R := 4 * sqrt (Rmin c 1) - Rmin c 1 + ln (Rmax c 1).
(* (b - a) Psi(c/b) <= area(b) - area(a), where area(u) = u Psi2(c/u) is the integral of Psi(c/x) from 0 to u. *)
Section Area.
Variable c : R.
Hypothesis c_pos : 0 < c.

Local Lemma sqrt_quot x : 0 < x -> sqrt (c / x) = sqrt c / sqrt x.
Proof. intros H. apply sqrt_div_alt; auto. Qed.

Local Lemma above u : 0 < u <= c -> 1 <= c / u.
Proof. intros H. apply Rmult_le_reg_r with u; [lra|]. replace (c / u * u) with c by (field; lra). lra. Qed.

Local Lemma below u : c <= u -> 0 < c / u <= 1.
Proof.
  intros H. split; [apply Rdiv_lt_0_compat; lra|]. apply Rmult_le_reg_r with u; [lra|].
  replace (c / u * u) with c by (field; lra). lra.
Qed.

Local Lemma Psi_above u : 0 < u <= c -> Psi (c / u) = 2 + ln c - ln u.
Proof. intros H. rewrite Psi_large by (apply above; auto). rewrite ln_quot by lra. ring. Qed.

Local Lemma Psi_below u : c <= u -> Psi (c / u) = 2 * (sqrt c / sqrt u).
Proof. intros H. rewrite Psi_small by (apply below; auto). rewrite sqrt_quot by lra. ring. Qed.

Local Lemma area2_above u : 0 < u <= c -> u * Psi2 (c / u) = u * (3 + ln c - ln u).
Proof.
  intros H. pose proof (above u H). unfold Psi2. rewrite Rmin_right, Rmax_left, sqrt_1, ln_quot by lra. ring.
Qed.

Local Lemma area2_below u : c <= u -> u * Psi2 (c / u) = 4 * sqrt c * sqrt u - c.
Proof.
  intros H. pose proof (below u H). unfold Psi2. rewrite Rmin_left, Rmax_right, ln_1, sqrt_quot by lra.
  pose proof (sqrt_lt_R0 u ltac:(lra)) as P. rewrite <- (sqrt_sqrt u) at 1 3 by lra. field. lra.
Qed.

Local Lemma ln_chord a b : 0 < a -> 0 < b -> a * (ln b - ln a) <= b - a.
Proof.
  intros Ha Hb. pose proof (ln_upper (b / a) ltac:(apply Rdiv_lt_0_compat; auto)) as H. rewrite ln_quot in H by auto.
  apply Rmult_le_compat_l with (r := a) in H; [|lra]. replace (a * (b / a - 1)) with (b - a) in H by (field; lra). lra.
Qed.

Local Lemma area2_inside a b : 0 <= a <= b -> 0 < b <= c -> (b - a) * Psi (c / b)
    <= b * Psi2 (c / b) - a * Psi2 (c / a).
Proof.
  intros Ha Hb. rewrite Psi_above, area2_above by auto.
  destruct (Req_dec a 0) as [Z | Z]; [rewrite Z, Rmult_0_l; lra|].
  rewrite area2_above by lra. pose proof (ln_chord a b ltac:(lra) ltac:(lra)). lra.
Qed.

Local Lemma area2_outside a b : c <= a <= b -> (b - a) * Psi (c / b) <= b * Psi2 (c / b) - a * Psi2 (c / a).
Proof.
  intros H. rewrite Psi_below, !area2_below by lra. pose proof (sqrt_lt_R0 b ltac:(lra)) as Pb.
  pose proof (sqrt_lt_R0 a ltac:(lra)) as Pa. pose proof (sqrt_lt_R0 c c_pos) as Pc.
  pose proof (sqrt_le_1_alt a b ltac:(lra)) as L.
  replace ((b - a) * (2 * (sqrt c / sqrt b))) with (2 * sqrt c * ((sqrt b - sqrt a) * ((sqrt b + sqrt a) / sqrt b))).
  2:{ pose proof (sqrt_sqrt a ltac:(lra)) as Ea. pose proof (sqrt_sqrt b ltac:(lra)) as Eb.
      assert (E : b - a = (sqrt b - sqrt a) * (sqrt b + sqrt a)) by lra. rewrite E. field. lra. }
  assert (Q : (sqrt b + sqrt a) / sqrt b <= 2).
  { apply Rmult_le_reg_r with (sqrt b); [auto|]. replace ((sqrt b + sqrt a) / sqrt b * sqrt b) with (sqrt b + sqrt a)
      by (field; lra). lra. }
  apply Rmult_le_compat_l with (r := sqrt b - sqrt a) in Q; [|lra].
  apply Rmult_le_compat_l with (r := 2 * sqrt c) in Q; lra.
Qed.

Local Lemma Psi_falls a b : 0 < a <= b -> Psi (c / b) <= Psi (c / a).
Proof.
  intros H. apply Psi_mono. split; [left; apply Rdiv_lt_0_compat; lra|].
  apply Rmult_le_compat_l; [lra | apply Rinv_le_contravar; lra].
Qed.

Lemma area2 a b : 0 <= a <= b -> 0 < b -> (b - a) * Psi (c / b) <= b * Psi2 (c / b) - a * Psi2 (c / a).
Proof.
  intros Ha Hb. destruct (Rle_dec b c) as [C1 | C1]; [apply area2_inside; lra|].
  destruct (Rle_dec c a) as [C2 | C2]; [apply area2_outside; lra|].
  pose proof (area2_inside a c ltac:(lra) ltac:(lra)) as H1. pose proof (area2_outside c b ltac:(lra)) as H2.
  pose proof (Psi_falls c b ltac:(lra)) as H3. apply Rmult_le_compat_l with (r := c - a) in H3; lra.
Qed.

(* The same for area(x) = x Psi1(c/x^2), the integral of Psi(c/y^2) from 0 to x. *)
Local Lemma square_above x : 0 < x <= sqrt c -> 0 < x² <= c.
Proof.
  intros H. split; [apply Rlt_0_sqr; lra|]. rewrite <- (Rsqr_sqrt c) by lra. apply Rsqr_incr_1; lra.
Qed.

Local Lemma square_below x : sqrt c <= x -> c <= x².
Proof.
  intros H. pose proof (sqrt_pos c). rewrite <- (Rsqr_sqrt c) by lra. apply Rsqr_incr_1; lra.
Qed.

Local Lemma ln_square x : 0 < x -> ln (x²) = 2 * ln x.
Proof. intros H. unfold Rsqr. rewrite ln_mult by auto. ring. Qed.

Local Lemma area1_above x : 0 < x <= sqrt c -> x * Psi1 (c / x²) = x * (4 + ln c - 2 * ln x).
Proof.
  intros H. pose proof (square_above x H) as S. pose proof (above _ S). unfold Psi1.
  rewrite Rmin_right, Rmax_left, sqrt_1, ln_1, ln_quot, ln_square by lra. ring.
Qed.

Local Lemma area1_below x : 0 < x -> sqrt c <= x -> x * Psi1 (c / x²) = sqrt c * (4 - ln c + 2 * ln x).
Proof.
  intros P H. pose proof (square_below x H) as S. pose proof (below _ S). unfold Psi1.
  rewrite Rmin_left, Rmax_right, ln_1, ln_quot, ln_square, sqrt_quot, sqrt_Rsqr by lra. field. lra.
Qed.

Local Lemma area1_inside a b : 0 <= a <= b -> 0 < b <= sqrt c ->
  (b - a) * Psi (c / b²) <= b * Psi1 (c / b²) - a * Psi1 (c / a²).
Proof.
  intros Ha Hb. rewrite Psi_above, area1_above, ln_square by (try apply square_above; lra).
  destruct (Req_dec a 0) as [Z | Z]; [rewrite Z, Rmult_0_l; lra|].
  rewrite area1_above by lra. pose proof (ln_chord a b ltac:(lra) ltac:(lra)). lra.
Qed.

Local Lemma area1_outside a b : sqrt c <= a <= b -> (b - a) * Psi (c / b²) <= b * Psi1 (c / b²) - a * Psi1 (c / a²).
Proof.
  intros H. pose proof (sqrt_lt_R0 c c_pos) as Pc. rewrite Psi_below by (apply square_below; lra).
  rewrite !area1_below, sqrt_Rsqr by lra.
  pose proof (ln_lower (b / a) ltac:(apply Rdiv_lt_0_compat; lra)) as L. rewrite ln_quot in L by lra.
  replace (/ (b / a)) with (a / b) in L by (field; lra).
  replace ((b - a) * (2 * (sqrt c / b))) with (2 * sqrt c * (1 - a / b)) by (field; lra).
  apply Rmult_le_compat_l with (r := 2 * sqrt c) in L; lra.
Qed.

Lemma area1 a b : 0 <= a <= b -> 0 < b -> (b - a) * Psi (c / b²) <= b * Psi1 (c / b²) - a * Psi1 (c / a²).
Proof.
  intros Ha Hb. pose proof (sqrt_lt_R0 c c_pos) as Pc.
  destruct (Rle_dec b (sqrt c)) as [C1 | C1]; [apply area1_inside; lra|].
  destruct (Rle_dec (sqrt c) a) as [C2 | C2]; [apply area1_outside; lra|].
  pose proof (area1_inside a (sqrt c) ltac:(lra) ltac:(lra)) as H1.
  pose proof (area1_outside (sqrt c) b ltac:(lra)) as H2.
  pose proof (Psi_falls ((sqrt c)²) (b²) ltac:(split; [apply Rlt_0_sqr; lra | apply Rsqr_incr_1; lra])) as H3.
  apply Rmult_le_compat_l with (r := sqrt c - a) in H3; lra.
Qed.
End Area.

(* The increments, for weights that grow from 0. *)
Section Increments.
Variables (x : nat -> R) (G eps beta2 : R).
Hypothesis x_low : forall t, 0 <= x t.
Hypothesis x_up : forall t, x t <= G².
Hypothesis eps_pos : 0 < eps.
Hypothesis beta2_01 : 0 <= beta2 < 1.
Hypothesis G_pos : 0 < G².
Local Notation V := (v beta2 x).
Local Notation Bt := (B x eps beta2).
Let kappa := 2 * (1 - beta2) * G².
Let c := kappa / eps.

Local Lemma kappa_pos : 0 < kappa.
Proof. unfold kappa. apply Rmult_lt_0_compat; lra. Qed.

Local Lemma V_nonneg t : 0 <= V t.
Proof. apply v_nonneg; auto; lra. Qed.

Local Lemma tvbar_low t : 0 <= tvbar beta2 x t.
Proof. apply sum_nonneg; intros s _. apply V_nonneg. Qed.

Local Lemma Bt_pos t : 0 < Bt (S t).
Proof.
  unfold B. pose proof (tvbar_low (S t)). pose proof (Rmult_lt_0_compat _ _ (INR_S_pos t) eps_pos). lra.
Qed.

Local Lemma Bt_low t : INR (S t) * eps <= Bt (S t).
Proof. unfold B. pose proof (tvbar_low (S t)). lra. Qed.

Local Lemma Bt_grows t : Bt t <= Bt (S t).
Proof. unfold B. rewrite S_INR, tvbar_S. pose proof (V_nonneg (S t)). lra. Qed.

Local Lemma heights t : 0 <= V (S t) <= height kappa (Bt (S t)).
Proof. apply AVGradRatioSum.v_height; auto. Qed.

Let f t := Psi (kappa / Bt (S t)) - V t / Bt (S t).

Local Lemma increment_falls t : (V (S t) - V t) / Bt (S t) <= f t - f (S t).
Proof.
  pose proof (Psi_step kappa (V (S t)) (Bt (S t)) (Bt (S (S t))) kappa_pos (conj (Bt_pos t) (Bt_grows (S t))) (heights
      t)) as H.
  unfold f. unfold Rdiv in *. lra.
Qed.

Local Lemma f_up t : f t <= Psi (c / INR (S t)).
Proof.
  pose proof (Bt_pos t) as P. pose proof (Bt_low t) as L. pose proof (INR_S_pos t) as I. pose proof kappa_pos as K.
  apply Rle_trans with (Psi (kappa / Bt (S t))).
  - unfold f. assert (0 <= V t / Bt (S t)); [|lra].
    apply Rmult_le_pos; [apply V_nonneg | left; apply Rinv_0_lt_compat; auto].
  - apply Psi_mono. split; [left; apply Rdiv_lt_0_compat; auto|]. unfold c.
    replace (kappa / eps / INR (S t)) with (kappa / (INR (S t) * eps)) by (field; lra).
    apply Rmult_le_compat_l; [lra|]. apply Rinv_le_contravar; [apply Rmult_lt_0_compat; auto | auto].
Qed.

Local Lemma f_nonneg t : 0 <= f t.
Proof.
  pose proof (Bt_pos t) as P. pose proof kappa_pos as K. unfold f.
  destruct t as [|t].
  - change (V 0) with 0. unfold Rdiv at 2. rewrite Rmult_0_l, Rminus_0_r. apply Psi_nonneg. left.
    apply Rdiv_lt_0_compat; auto.
  - destruct (heights t) as [H0 H1].
    assert (H2 : height kappa (Bt (S t)) <= height kappa (Bt (S (S t)))).
    { pose proof (Bt_grows (S t)) as L. pose proof (Bt_pos t). unfold height. apply Rmin_glb.
      - apply Rle_trans with (1 := Rmin_l _ _). auto.
      - apply Rle_trans with (1 := Rmin_r _ _). apply sqrt_le_1_alt. apply Rmult_le_compat_l; lra. }
    pose proof (Psi_last kappa (V (S t)) (Bt (S (S t))) K P ltac:(lra)). lra.
Qed.

Lemma weighted_increments (s : nat -> R) N : s O = 0 -> (forall t, s t <= s (S t)) ->
  sum N (fun t => s (S t) * ((V (S t) - V t) / Bt (S t)))
  <= sum N (fun t => (s (S t) - s t) * Psi (c / INR (S t))).
Proof.
  intros S0 Sm. assert (Sp : forall t, 0 <= s t) by (induction t as [|t IH]; [lra | specialize (Sm t); lra]).
  assert (H : sum N (fun t => s (S t) * ((V (S t) - V t) / Bt (S t)))
              <= sum N (fun t => (s (S t) - s t) * Psi (c / INR (S t))) - s N * f N).
  { induction N as [|N IH]; [simpl; rewrite S0; lra|]. rewrite !sum_S.
    pose proof (Rmult_le_compat_l (s (S N)) _ _ (Sp (S N)) (increment_falls N)) as H1.
    pose proof (Rmult_le_compat_l (s (S N) - s N) _ _ ltac:(specialize (Sm N); lra) (f_up N)) as H2. lra. }
  pose proof (Rmult_le_pos _ _ (Sp N) (f_nonneg N)). lra.
Qed.

(* Weights t and sqrt(t). *)
Lemma linear_increments N : (0 < N)%nat -> sum N (fun t => INR (S t) * ((V (S t) - V t) / Bt (S t)))
  <= INR N * Rmin (Psi c) (Psi2 (c / INR N)).
Proof.
  intros HN. pose proof kappa_pos as K. assert (Pc : 0 < c) by (apply Rdiv_lt_0_compat; auto).
  apply Rle_trans with (1 := weighted_increments INR N eq_refl (fun t => ltac:(rewrite S_INR; lra))).
  apply (Rmin_case _ _ (fun z => _ <= INR N * z)).
  - apply sum_le_const. intros t _. rewrite S_INR. pose proof (pos_INR t).
    replace ((INR t + 1 - INR t) * Psi (c / (INR t + 1))) with (Psi (c / (INR t + 1))) by ring.
    replace (Psi c) with (Psi (c / 1)) by (f_equal; field). apply Psi_falls; lra.
  - clear HN. induction N as [|N IH]; [simpl; lra|]. rewrite sum_S.
    pose proof (area2 c Pc (INR N) (INR (S N)) ltac:(rewrite S_INR; pose proof (pos_INR N); lra) (INR_S_pos N)). lra.
Qed.

Lemma root_increments N : (0 < N)%nat -> sum N (fun t => sqrt (INR (S t)) * ((V (S t) - V t) / Bt (S t)))
  <= sqrt (INR N) * Rmin (Psi c) (Psi1 (c / INR N)).
Proof.
  intros HN. pose proof kappa_pos as K. assert (Pc : 0 < c) by (apply Rdiv_lt_0_compat; auto).
  assert (Sm : forall t, sqrt (INR t) <= sqrt (INR (S t))) by (intros t; apply sqrt_le_1_alt; rewrite S_INR; lra).
  apply Rle_trans with (1 := weighted_increments (fun t => sqrt (INR t)) N sqrt_0 Sm).
  apply (Rmin_case _ _ (fun z => _ <= sqrt (INR N) * z)).
  - clear HN. induction N as [|N IH]; [simpl; rewrite sqrt_0; lra|]. rewrite sum_S.
    assert (Q : Psi (c / INR (S N)) <= Psi c).
    { replace (Psi c) with (Psi (c / 1)) by (f_equal; field). apply Psi_falls; auto.
      rewrite S_INR. pose proof (pos_INR N). lra. }
    apply Rmult_le_compat_l with (r := sqrt (INR (S N)) - sqrt (INR N)) in Q; [|specialize (Sm N); lra]. lra.
  - clear HN. induction N as [|N IH]; [simpl; rewrite sqrt_0; lra|]. rewrite sum_S.
    pose proof (area1 c Pc (sqrt (INR N)) (sqrt (INR (S N))) (conj (sqrt_pos _) (Sm N)) (sqrt_lt_R0 _ (INR_S_pos N)))
        as H.
    rewrite !Rsqr_sqrt in H by apply pos_INR. lra.
Qed.
End Increments.
