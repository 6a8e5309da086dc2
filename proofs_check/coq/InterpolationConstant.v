(* T6 for a constant rho in [0,1]: bounds on the two sums from constants alone. With c_t = sqrt(w_t)/t and s = sqrt(w_T)
   for K1 = sum sqrt(w_t) g_t^2/b_t, and c_t = 1/t and s = 1 for K2 = sum g_t^2/b_t, each is at most the smallest of
     Adam part    c_1 ln(1+rho G^2/e)/(rho w) + (-ln beta2/(rho w)) C   from b_t >= t(e + rho v_t), L2 (b);
     AVGrad part  s ln(1+kTG^2/e)/k, k = (1-rho) w, and                 from b_t >= e + k sum g^2, L2 (a), and
                  (s/k) [ln(1+kTG^2/e) + (beta2/w) Psi(2kwG^2/e)],      b_t >= te + k t vbar_t, L2 (d), k = 1-rho;
     trivial      (G^2/e) C                                             from b_t >= te;
     both         the first two with eps/2 each, K_A K_B/(K_A + K_B)    by L7,
   where C >= sum c_t is 1 + ln T, or sqrt(w) times 1 plus an integral. Where rho or 1-rho is 0 or very small, the first two
   are kept at values that are above the trivial one. *)
From Coq Require Import Reals Lra Lia Psatz List.
From Mada Require Import Sums Logarithm RatioSums HarmonicSums DecreasingWeights AVGradWeights AVGradRatioSum AdamRate.
From Mada Require Import Expectation Setting Decoupling Paths DecoupledRate LogarithmRatio InterpolationRate.
Import ListNotations.
Local Open Scope R_scope.

(* In the package's form: where rho is so small that the trivial bound is better, it is kept where both are equal. *)
Definition adam_part (first total G eps beta2 rho : R) : R :=
  let kept := Rmax rho (- ln beta2 * eps / ((1 - beta2) * G²)) in
  first * (G² / (eps * (1 - beta2)) * log1p_over (rho * G² / eps)) + - ln beta2 / (kept * (1 - beta2)) * total.
Definition avgrad_part (s T G eps beta2 rho : R) : R :=
  let X := T * G² / eps in
  let y := Rmax (2 * (1 - rho) * (1 - beta2) * G² / eps) (Rmin ((4 * beta2 / T)²) 1) in
  s * Rmin (X * log1p_over ((1 - rho) * (1 - beta2) * X))
           (X * log1p_over ((1 - rho) * X) + 2 * beta2 * G² / eps * Psi y / y).
Definition both (a b : R) : R := a * b / (a + b).
Definition smallest (first total s T G eps beta2 rho : R) : R :=
  Rmin (Rmin (adam_part first total G eps beta2 rho) (avgrad_part s T G eps beta2 rho))
       (Rmin (G² / eps * total)
             (both (adam_part first total G (eps / 2) beta2 rho) (avgrad_part s T G (eps / 2) beta2 rho))).

(* 1 + int_1^T sqrt(rho t + 1 - rho) dt/t. *)
Definition sum_of_roots (T rho : R) : R :=
  let k := sqrt (1 - rho) in
  let u := sqrt (rho * T + 1 - rho) in
  2 * u - 1 + k * (ln T - 2 * ln ((u + k) / (1 + k))).
Definition constant_K1 (T G eps beta2 rho : R) : R :=
  smallest (sqrt (1 - beta2)) (sqrt (1 - beta2) * sum_of_roots T rho) (sqrt (1 - beta2) * sqrt (rho * T + 1 - rho))
    T G eps beta2 rho.
Definition constant_K2 (T G eps beta2 rho : R) : R := smallest 1 (1 + ln T) 1 T G eps beta2 rho.

Lemma log1p_over_nonneg y : 0 <= y -> 0 <= log1p_over y.
Proof.
  intros Hy. destruct (Req_dec y 0) as [-> | Hn]; [pose proof log1p_over_at_zero; lra|].
  apply Rle_trans with (2 := log1p_over_above y ltac:(lra)). apply Rmult_le_pos; [apply ln_nonneg; lra|].
  left. apply Rinv_0_lt_compat. lra.
Qed.

(* ln(1 + k X)/k, also at k = 0 where it is X. *)
Lemma log_over X k : 0 < X -> 0 < k -> ln (1 + k * X) / k <= X * log1p_over (k * X).
Proof.
  intros HX Hk. assert (P : 0 < k * X) by (apply Rmult_lt_0_compat; auto).
  apply Rle_trans with (X * (ln (1 + k * X) / (k * X))); [right; field; lra|].
  apply Rmult_le_compat_l; [lra | apply log1p_over_above; auto].
Qed.

Lemma v_scal beta2 r x t : v beta2 (fun t => r * x t) t = r * v beta2 x t.
Proof. induction t as [|t IH]; simpl; [ring|]. rewrite IH. ring. Qed.

(* Summation by parts against decreasing weights. *)
Lemma abel c y p q T : (forall t, 0 <= c t) -> (forall t, c (S t) <= c t) ->
  (forall N, sum (S N) y <= p + INR N * q) -> 0 <= q ->
  sum T (fun t => c t * y t) <= c O * p + q * sum T c \/ T = O.
Proof.
  intros Hc Hm Hy Hq. destruct T as [|T]; [right; auto | left].
  assert (H : sum (S T) (fun t => c t * y t)
              <= c O * p + q * (sum (S T) c - c O) - c T * (p + INR T * q - sum (S T) y)).
  { induction T as [|T IH].
    - simpl. lra.
    - rewrite (sum_S (S T)), (sum_S (S T) c), (sum_S (S T) y), S_INR.
      pose proof (Hy T). pose proof (Hm T). pose proof (Hc (S T)).
      assert (c (S T) * (p + INR T * q - sum (S T) y) <= c T * (p + INR T * q - sum (S T) y))
        by (apply Rmult_le_compat_r; lra). lra. }
  pose proof (Hy T). pose proof (Hc T). pose proof (Hc O).
  assert (0 <= c T * (p + INR T * q - sum (S T) y)) by (apply Rmult_le_pos; lra).
  assert (0 <= q * c O) by (apply Rmult_le_pos; lra). lra.
Qed.

Section Sums.
Variables (x : nat -> R) (G eps beta2 rho : R) (c : nat -> R) (first total s : R) (T : nat).
Hypothesis x_low : forall t, 0 <= x t.
Hypothesis x_up : forall t, x t <= G².
Hypothesis G_pos : 0 < G.
Hypothesis eps_pos : 0 < eps.
Hypothesis beta2_01 : 0 < beta2 < 1.
Hypothesis rho_01 : 0 <= rho <= 1.
Hypothesis c_pos : forall t, 0 < c t.
Hypothesis c_mono : forall t, c (S t) <= c t.
Hypothesis first_up : c O <= first.
Hypothesis total_up : sum T c <= total.
Hypothesis s_up : forall t, (t < T)%nat -> c t * INR (S t) <= s.
Hypothesis T_pos : (0 < T)%nat.

Let b t := INR (S t) * (eps + rho * v beta2 x (S t)) + (1 - rho) * tvbar beta2 x (S t).
(* The two parts of b, each with its own e. *)
Let a_part e t := INR (S t) * (e + rho * v beta2 x (S t)).
Let b_part e t := INR (S t) * e + (1 - rho) * tvbar beta2 x (S t).

Local Lemma G2_pos : 0 < G².
Proof. apply Rsqr_pos_lt. lra. Qed.
Local Lemma n_low t : 1 <= INR (S t).
Proof. rewrite S_INR. pose proof (pos_INR t). lra. Qed.
Local Lemma rv_nonneg t : 0 <= rho * v beta2 x t.
Proof. apply Rmult_le_pos; [lra | apply v_nonneg; [lra | auto]]. Qed.
Local Lemma S_nonneg t : 0 <= sum t x.
Proof. apply sum_nonneg; auto. Qed.
Local Lemma kS_le t : (1 - rho) * (1 - beta2) * sum t x <= (1 - rho) * tvbar beta2 x t.
Proof. rewrite Rmult_assoc. apply Rmult_le_compat_l; [lra|]. apply avgrad_least_weight; [lra | auto]. Qed.
Local Lemma ru_nonneg t : 0 <= (1 - rho) * tvbar beta2 x t.
Proof.
  apply Rle_trans with (2 := kS_le t). apply Rmult_le_pos; [apply Rmult_le_pos; lra | apply S_nonneg].
Qed.
Local Lemma step_low e t : 0 < e -> e <= INR (S t) * e.
Proof. intros He. rewrite <- (Rmult_1_l e) at 1. apply Rmult_le_compat_r; [lra | apply n_low]. Qed.
Local Lemma a_low e t : 0 < e -> INR (S t) * e <= a_part e t.
Proof.
  intros He. unfold a_part. pose proof (n_low t). apply Rmult_le_compat_l; [lra|]. pose proof (rv_nonneg (S t)). lra.
Qed.
Local Lemma b_low e t : 0 < e -> INR (S t) * e <= b_part e t.
Proof. intros He. unfold b_part. pose proof (ru_nonneg (S t)). lra. Qed.
Local Lemma decay_pos : 0 < - ln beta2.
Proof. pose proof (ln_increasing beta2 1 ltac:(lra) ltac:(lra)) as H. rewrite ln_1 in H. lra. Qed.

(* With t e below the denominator. *)
Local Lemma trivial_sum e D : 0 < e -> (forall t, INR (S t) * e <= D t) ->
  sum T (fun t => c t * INR (S t) * (x t / D t)) <= G² / e * total.
Proof.
  intros He HD. assert (0 < / e) by (apply Rinv_0_lt_compat; auto). pose proof G2_pos.
  apply Rle_trans with (G² / e * sum T c).
  - rewrite <- sum_scal. apply sum_le; intros t _. pose proof (n_low t). pose proof (c_pos t). pose proof (HD t).
    pose proof (x_up t). pose proof (x_low t).
    assert (P : 0 < INR (S t) * e) by (apply Rmult_lt_0_compat; lra).
    replace (G² / e * c t) with (c t * INR (S t) * (G² / (INR (S t) * e))) by (field; lra).
    apply Rmult_le_compat_l; [apply Rmult_le_pos; lra|]. apply Rmult_le_compat; auto;
      [left; apply Rinv_0_lt_compat; lra | apply Rinv_le_contravar; lra].
  - apply Rmult_le_compat_l; [apply Rmult_le_pos; lra | auto].
Qed.

Local Lemma c_sum_nonneg : 0 <= total.
Proof. apply Rle_trans with (2 := total_up). apply sum_nonneg. intros. left; auto. Qed.

Local Lemma adam_sum e : 0 < e ->
  sum T (fun t => c t * INR (S t) * (x t / a_part e t)) <= adam_part first total G e beta2 rho.
Proof.
  intros He. set (w := 1 - beta2). assert (Hw : 0 < w) by (unfold w; lra). pose proof decay_pos as Hl.
  pose proof G2_pos as HG.
  pose proof c_sum_nonneg as HC. assert (Hf : 0 <= first) by (pose proof (c_pos O); lra).
  assert (Hie : 0 < / e) by (apply Rinv_0_lt_compat; auto).
  unfold adam_part. fold w. set (floor := - ln beta2 * e / (w * G²)).
  assert (Pf : 0 < floor) by (apply Rdiv_lt_0_compat; apply Rmult_lt_0_compat; lra).
  assert (P1 : 0 <= G² / (e * w)) by (left; apply Rdiv_lt_0_compat; [auto | apply Rmult_lt_0_compat; auto]).
  destruct (Rle_dec rho floor) as [Hr | Hr].
  - rewrite Rmax_right by auto. apply Rle_trans with (1 := trivial_sum e (a_part e) He (fun t => a_low e t He)).
    replace (- ln beta2 / (floor * w)) with (G² / e) by (unfold floor; field; lra).
    assert (0 <= first * (G² / (e * w) * log1p_over (rho * G² / e))); [|lra].
    apply Rmult_le_pos; auto. apply Rmult_le_pos; auto. apply log1p_over_nonneg.
    apply Rmult_le_pos; [apply Rmult_le_pos; lra | lra].
  - rewrite Rmax_left by lra. assert (Hr0 : 0 < rho) by lra. assert (Hrw : 0 < rho * w) by (apply Rmult_lt_0_compat; auto).
    apply Rle_trans with (sum T (fun t => c t * (x t / (e + rho * v beta2 x (S t))))).
    { right. apply sum_ext; intros t _. unfold a_part. pose proof (n_low t). pose proof (rv_nonneg (S t)). field. lra. }
    assert (Hq : 0 <= - ln beta2 / (rho * w)) by (left; apply Rdiv_lt_0_compat; auto).
    destruct (abel c (fun t => x t / (e + rho * v beta2 x (S t))) (ln (1 + rho * G² / e) / (rho * w))
      (- ln beta2 / (rho * w)) T ltac:(intros; left; auto) c_mono) as [H | H].
    + intros N. pose proof (adam_ratio_sum (S N) (fun t => rho * x t) (rho * G²) e beta2 ltac:(lia) He beta2_01
        ltac:(intros t; split; [apply Rmult_le_pos; [lra | auto] | apply Rmult_le_compat_l; [lra | auto]])) as H.
      apply Rmult_le_reg_l with rho; [lra|]. rewrite <- sum_scal.
      replace (sum (S N) (fun t => rho * (x t / (e + rho * v beta2 x (S t)))))
        with (sum (S N) (fun t => rho * x t / (e + v beta2 (fun t => rho * x t) (S t))))
        by (apply sum_ext; intros; rewrite v_scal; unfold Rdiv; ring).
      apply Rle_trans with (1 := H). right. rewrite S_INR. unfold w. field. lra.
    + exact Hq.
    + apply Rle_trans with (1 := H). apply Rplus_le_compat; [|apply Rmult_le_compat_l; auto].
      assert (Y : ln (1 + rho * G² / e) / (rho * w) <= G² / (e * w) * log1p_over (rho * G² / e)).
      { pose proof (log_over (G² / e) rho ltac:(apply Rdiv_lt_0_compat; auto) Hr0) as Z.
        replace (rho * (G² / e)) with (rho * G² / e) in Z by (field; lra).
        apply Rmult_le_compat_r with (r := / w) in Z; [|left; apply Rinv_0_lt_compat; auto].
        apply Rle_trans with (ln (1 + rho * G² / e) / rho * / w); [right; field; lra|].
        apply Rle_trans with (1 := Z). right. field. lra. }
      assert (N0 : 0 <= ln (1 + rho * G² / e) / (rho * w)).
      { apply Rmult_le_pos; [|left; apply Rinv_0_lt_compat; auto]. apply ln_nonneg.
        assert (0 <= rho * G² / e) by (apply Rmult_le_pos; [apply Rmult_le_pos; lra | lra]). lra. }
      pose proof (c_pos O). apply Rmult_le_compat; lra.
    + lia.
Qed.

Local Lemma s_nonneg : 0 <= s.
Proof.
  apply Rle_trans with (2 := s_up 0 T_pos). pose proof (c_pos O). pose proof (n_low 0). apply Rmult_le_pos; lra.
Qed.

(* sum x/(t e + (1-rho) t vbar), in three bounds. *)
Local Lemma plain_of_steps e D : 0 < e -> (forall t, e <= D t) -> sum T (fun t => x t / D t) <= INR T * G² / e.
Proof.
  intros He HD. replace (INR T * G² / e) with (INR T * (G² / e)) by (field; lra). apply sum_le_const. intros t _.
  pose proof (HD t). apply Rmult_le_compat; auto; [left; apply Rinv_0_lt_compat; lra | apply Rinv_le_contravar; lra].
Qed.

Local Lemma avgrad_plain e : 0 < e -> sum T (fun t => x t / b_part e t)
  <= INR T * G² / e * log1p_over ((1 - rho) * (1 - beta2) * (INR T * G² / e)).
Proof.
  intros He. set (k := (1 - rho) * (1 - beta2)). pose proof G2_pos as HG. assert (PT : 0 < INR T) by (apply lt_0_INR; auto).
  set (X := INR T * G² / e). assert (PX : 0 < X) by (apply Rdiv_lt_0_compat; [apply Rmult_lt_0_compat; auto | auto]).
  assert (Lo : forall t, e <= b_part e t) by (intros t; pose proof (b_low e t He); pose proof (step_low e t He); lra).
  destruct (Req_dec rho 1) as [Hr | Hr].
  - replace (k * X) with 0 by (unfold k; rewrite Hr; ring). apply Rle_trans with (1 := plain_of_steps e _ He Lo).
    fold X. rewrite <- (Rmult_1_r X) at 1. apply Rmult_le_compat_l; [lra | apply log1p_over_at_zero].
  - assert (Hk : 0 < k) by (unfold k; apply Rmult_lt_0_compat; lra). apply Rle_trans with (2 := log_over X k PX Hk).
    apply Rle_trans with (/ k * sum T (fun t => k * x t / (e + sum (S t) (fun t => k * x t)))).
    + rewrite <- sum_scal. apply sum_le; intros t _. rewrite sum_scal.
      assert (Pk : 0 <= k * sum (S t) x) by (apply Rmult_le_pos; [lra | apply S_nonneg]).
      replace (/ k * (k * x t / (e + k * sum (S t) x))) with (x t / (e + k * sum (S t) x)) by (field; lra).
      apply Rmult_le_compat_l; [auto|]. apply Rinv_le_contravar; [lra|].
      unfold b_part. pose proof (kS_le (S t)) as Z. fold k in Z. pose proof (step_low e t He). lra.
    + unfold Rdiv at 2. rewrite (Rmult_comm (ln _)). apply Rmult_le_compat_l; [left; apply Rinv_0_lt_compat; auto|].
      assert (P : forall t, 0 <= k * x t) by (intros; apply Rmult_le_pos; [lra | auto]).
      apply Rle_trans with (1 := ratio_sum T (fun t => k * x t) e He P).
      assert (0 < / e) by (apply Rinv_0_lt_compat; auto). pose proof (S_nonneg T).
      assert (0 <= k * sum T x) by (apply Rmult_le_pos; lra).
      assert (sum T x <= INR T * G²) by (apply sum_le_const; auto).
      assert (0 <= k * sum T x * / e) by (apply Rmult_le_pos; lra).
      rewrite sum_scal. apply ln_le_mono; unfold Rdiv; [lra|]. apply Rplus_le_compat_l. unfold X, Rdiv.
      rewrite <- Rmult_assoc. apply Rmult_le_compat_r; [lra|]. apply Rmult_le_compat_l; lra.
Qed.

Local Lemma avgrad_uniform e : 0 < e ->
  let y := Rmax (2 * (1 - rho) * (1 - beta2) * G² / e) (Rmin ((4 * beta2 / INR T)²) 1) in
  sum T (fun t => x t / b_part e t)
  <= INR T * G² / e * log1p_over ((1 - rho) * (INR T * G² / e)) + 2 * beta2 * G² / e * Psi y / y.
Proof.
  intros He y. pose proof G2_pos as HG. assert (PT : 0 < INR T) by (apply lt_0_INR; auto).
  set (X := INR T * G² / e). assert (PX : 0 < X) by (apply Rdiv_lt_0_compat; [apply Rmult_lt_0_compat; auto | auto]).
  assert (Lo : forall t, e <= b_part e t) by (intros t; pose proof (b_low e t He); pose proof (step_low e t He); lra).
  assert (HL : 0 <= X * log1p_over ((1 - rho) * X)).
  { apply Rmult_le_pos; [lra|]. apply log1p_over_nonneg. apply Rmult_le_pos; lra. }
  assert (Pge : 0 < G² / e) by (apply Rdiv_lt_0_compat; auto).
  set (q := 4 * beta2 / INR T) in *. assert (Pq : 0 < q) by (apply Rdiv_lt_0_compat; lra).
  set (own := 2 * (1 - rho) * (1 - beta2) * G² / e) in *.
  destruct (Rle_dec own (Rmin (q²) 1)) as [Hf | Hf].
  - (* the floor: Psi(y)/y = 2/sqrt(y) *)
    assert (Ey : y = Rmin (q²) 1) by (unfold y; apply Rmax_right; auto).
    apply Rle_trans with X; [apply plain_of_steps; auto|].
    assert (Z : X <= 2 * beta2 * G² / e * Psi y / y); [|lra].
    rewrite Ey. destruct (Rle_dec (q²) 1) as [H1 | H1].
    + rewrite (Rmin_left (q²) 1) by lra. rewrite Psi_small, sqrt_Rsqr by lra.
      right. replace (2 * beta2) with (q * INR T / 2) by (unfold q; field; lra). unfold X, Rsqr. field. lra.
    + rewrite (Rmin_right (q²) 1), Psi_large, ln_1 by lra.
      assert (Hq1 : 1 <= q) by (apply Rnot_lt_le; intros W; apply H1; unfold Rsqr; assert (q * q <= 1 * 1)
        by (apply Rmult_le_compat; lra); lra).
      assert (HT : INR T <= 4 * beta2).
      { unfold q in Hq1. apply Rmult_le_compat_r with (r := INR T) in Hq1; [|lra].
        unfold Rdiv in Hq1. rewrite Rmult_assoc, Rinv_l, Rmult_1_r, Rmult_1_l in Hq1 by lra. exact Hq1. }
      apply Rle_trans with (4 * beta2 * (G² / e)); [|right; field; lra].
      unfold X. replace (INR T * G² / e) with (INR T * (G² / e)) by (field; lra). apply Rmult_le_compat_r; lra.
  - assert (Ey : y = own) by (unfold y; apply Rmax_left; lra).
    assert (Po : 0 < own).
    { apply Rlt_le_trans with (Rmin (q²) 1); [apply Rmin_glb_lt; [apply Rsqr_pos_lt; lra | lra] | lra]. }
    assert (Hr : rho < 1).
    { apply Rnot_le_lt. intros W. assert (rho = 1) as E by lra. unfold own in Po. rewrite E in Po.
      replace (2 * (1 - 1) * (1 - beta2) * G² / e) with 0 in Po by (field; lra). lra. }
    set (k := 1 - rho) in *. assert (Hk : 0 < k) by (unfold k; lra).
    assert (Pek : 0 < e / k) by (apply Rdiv_lt_0_compat; auto).
    apply Rle_trans with (/ k * K2_uniform (INR T) G (e / k) beta2).
    + apply Rle_trans with (/ k * sum T (fun t => x t / B x (e / k) beta2 (S t))).
      * right. rewrite <- sum_scal. apply sum_ext. intros t _. unfold b_part, B. fold k.
        assert (0 <= tvbar beta2 x (S t)) by (apply tvbar_nonneg; [auto | lra]). pose proof (n_low t).
        assert (0 < INR (S t) * e) by (apply Rmult_lt_0_compat; lra).
        assert (0 <= k * tvbar beta2 x (S t)) by (apply Rmult_le_pos; lra).
        field. repeat split; lra.
      * apply Rmult_le_compat_l; [left; apply Rinv_0_lt_compat; auto|]. apply avgrad_ratio_sum_uniform; auto. lra.
    + unfold K2_uniform. rewrite Rmult_plus_distr_l. apply Rplus_le_compat.
      * pose proof (log_over X k PX Hk) as Z. apply Rle_trans with (2 := Z). right. unfold X.
        replace (1 + INR T * G² / (e / k)) with (1 + k * (INR T * G² / e)) by (field; lra). field. lra.
      * right. rewrite Ey. replace (2 * (1 - beta2) * G² / (e / k)) with own by (unfold own; field; lra).
        assert (Pw : 0 < 1 - beta2) by lra. set (P := Psi own). clearbody P. unfold own, k in *. field. repeat split; lra.
Qed.

Local Lemma avgrad_sum e : 0 < e ->
  sum T (fun t => c t * INR (S t) * (x t / b_part e t)) <= avgrad_part s (INR T) G e beta2 rho.
Proof.
  intros He. apply Rle_trans with (s * sum T (fun t => x t / b_part e t)).
  - rewrite <- sum_scal. apply sum_le; intros t Ht. pose proof (b_low e t He). pose proof (step_low e t He).
    apply Rmult_le_compat_r; [|auto]. apply Rmult_le_pos; [auto | left; apply Rinv_0_lt_compat; lra].
  - unfold avgrad_part. apply Rmult_le_compat_l; [apply s_nonneg|].
    apply Rmin_glb; [apply avgrad_plain; auto | apply (avgrad_uniform e He)].
Qed.

Local Lemma below (D : nat -> R) : (forall t, 0 < D t <= b t) ->
  sum T (fun t => c t * INR (S t) * (x t / b t)) <= sum T (fun t => c t * INR (S t) * (x t / D t)).
Proof.
  intros HD. apply sum_le; intros t _. pose proof (c_pos t). pose proof (n_low t). destruct (HD t).
  apply Rmult_le_compat_l; [apply Rmult_le_pos; lra|]. apply ratio_le; auto.
Qed.

Lemma constant_sum : sum T (fun t => c t * INR (S t) * (x t / b t)) <= smallest first total s (INR T) G eps beta2 rho.
Proof.
  assert (Pa : forall e t, 0 < e -> 0 < a_part e t)
    by (intros e t He; pose proof (a_low e t He); pose proof (step_low e t He); lra).
  assert (Pb : forall e t, 0 < e -> 0 < b_part e t)
    by (intros e t He; pose proof (b_low e t He); pose proof (step_low e t He); lra).
  assert (Hv : forall t, 0 <= INR (S t) * (rho * v beta2 x (S t)))
    by (intros t; pose proof (n_low t); apply Rmult_le_pos; [lra | apply rv_nonneg]).
  unfold smallest. repeat apply Rmin_glb.
  - apply Rle_trans with (2 := adam_sum eps eps_pos). apply below. intros t. split; [apply Pa; auto|].
    unfold a_part, b. pose proof (ru_nonneg (S t)). lra.
  - apply Rle_trans with (2 := avgrad_sum eps eps_pos). apply below. intros t. split; [apply Pb; auto|].
    unfold b_part, b. pose proof (Hv t). lra.
  - apply trivial_sum; auto. intros t. unfold b. pose proof (Hv t). pose proof (ru_nonneg (S t)). lra.
  - assert (He : 0 < eps / 2) by lra.
    pose proof (adam_sum (eps / 2) He) as HA. pose proof (avgrad_sum (eps / 2) He) as HB.
    set (KA := adam_part first total G (eps / 2) beta2 rho) in *.
    set (KB := avgrad_part s (INR T) G (eps / 2) beta2 rho) in *.
    assert (N : forall D, (forall t, 0 < D t) -> 0 <= sum T (fun t => c t * INR (S t) * (x t / D t))).
    { intros D HD. apply sum_nonneg; intros t _. pose proof (c_pos t). pose proof (n_low t).
      apply Rmult_le_pos; [apply Rmult_le_pos; lra|].
      apply Rmult_le_pos; [auto | left; apply Rinv_0_lt_compat; auto]. }
    pose proof (N (a_part (eps / 2)) (fun t => Pa _ t He)) as NA.
    pose proof (N (b_part (eps / 2)) (fun t => Pb _ t He)) as NB.
    assert (PA : 0 < KA).
    { unfold KA, adam_part. pose proof decay_pos. pose proof G2_pos. assert (Pw : 0 < 1 - beta2) by lra.
      set (kept := Rmax rho _). assert (Pk : 0 < kept).
      { apply Rlt_le_trans with (2 := Rmax_r _ _). apply Rdiv_lt_0_compat; apply Rmult_lt_0_compat; lra. }
      assert (P1 : 0 < - ln beta2 / (kept * (1 - beta2))) by (apply Rdiv_lt_0_compat; [lra | apply Rmult_lt_0_compat; auto]).
      assert (P2 : 0 < total).
      { apply Rlt_le_trans with (2 := total_up). destruct T as [|T']; [lia|]. rewrite sum_S. pose proof (c_pos T').
        assert (0 <= sum T' c) by (apply sum_nonneg; intros; left; auto). lra. }
      assert (P3 : 0 <= first * (G² / (eps / 2 * (1 - beta2)) * log1p_over (rho * G² / (eps / 2)))).
      { pose proof (c_pos O). apply Rmult_le_pos; [lra|]. apply Rmult_le_pos.
        - left. apply Rdiv_lt_0_compat; [auto | apply Rmult_lt_0_compat; lra].
        - apply log1p_over_nonneg. apply Rmult_le_pos; [apply Rmult_le_pos; lra | left; apply Rinv_0_lt_compat; lra]. }
      assert (0 < - ln beta2 / (kept * (1 - beta2)) * total) by (apply Rmult_lt_0_compat; auto). lra. }
    assert (PB : 0 <= KB) by lra. set (h := KB / (KA + KB)).
    apply Rle_trans with (h ^ 2 * KA + (1 - h) ^ 2 * KB).
    + apply Rle_trans with (h ^ 2 * sum T (fun t => c t * INR (S t) * (x t / a_part (eps / 2) t))
                            + (1 - h) ^ 2 * sum T (fun t => c t * INR (S t) * (x t / b_part (eps / 2) t))).
      * rewrite <- !sum_scal, <- sum_plus. apply sum_le; intros t _.
        pose proof (Pa (eps / 2) t He) as Pat. pose proof (Pb (eps / 2) t He) as Pbt.
        pose proof (harmonic_split _ _ h Pat Pbt) as H. pose proof (c_pos t). pose proof (n_low t). pose proof (x_low t).
        assert (Pcx : 0 <= c t * INR (S t) * x t) by (apply Rmult_le_pos; [apply Rmult_le_pos; lra | lra]).
        apply Rle_trans with (c t * INR (S t) * x t * (1 / (a_part (eps / 2) t + b_part (eps / 2) t))).
        -- replace (c t * INR (S t) * (x t / b t)) with (c t * INR (S t) * x t * / b t) by (unfold Rdiv; ring).
           unfold Rdiv. rewrite Rmult_1_l. apply Rmult_le_compat_l; [auto|].
           apply Rinv_le_contravar; [lra|]. unfold a_part, b_part, b. lra.
        -- apply (Rmult_le_compat_l (c t * INR (S t) * x t)) in H; [|auto].
           apply Rle_trans with (1 := H). right. field. lra.
      * pose proof (pow2_ge_0 h). pose proof (pow2_ge_0 (1 - h)).
        apply Rplus_le_compat; apply Rmult_le_compat_l; lra.
    + right. unfold both, h. field. lra.
Qed.
End Sums.

(* The weights of K1 do not increase. *)
Definition w_at (beta2 rho : R) (t : nat) : R := (1 - beta2) * (rho * INR (S t) + 1 - rho).

Lemma root_at_low rho t : 0 <= rho <= 1 -> 1 <= t -> 1 <= rho * t + 1 - rho.
Proof. intros Hr Ht. assert (0 <= rho * (t - 1)) by (apply Rmult_le_pos; lra). lra. Qed.

Lemma w_at_pos beta2 rho t : 0 < beta2 < 1 -> 0 <= rho <= 1 -> 0 < w_at beta2 rho t.
Proof.
  intros Hb Hr. unfold w_at. apply Rmult_lt_0_compat; [lra|].
  assert (1 <= INR (S t)) by (rewrite S_INR; pose proof (pos_INR t); lra).
  pose proof (root_at_low rho (INR (S t)) Hr ltac:(lra)). lra.
Qed.

Lemma weights_decrease beta2 rho t : 0 < beta2 < 1 -> 0 <= rho <= 1 ->
  sqrt (w_at beta2 rho (S t)) / INR (S (S t)) <= sqrt (w_at beta2 rho t) / INR (S t).
Proof.
  intros Hb Hr. pose proof (w_at_pos beta2 rho t Hb Hr) as W0. pose proof (w_at_pos beta2 rho (S t) Hb Hr) as W1.
  unfold w_at in *. rewrite (S_INR (S t)) in *. pose proof (INR_S_pos t).
  assert (N1 : 1 <= INR (S t)) by (rewrite S_INR; pose proof (pos_INR t); lra). set (m := INR (S t)) in *.
  set (a := (1 - beta2) * (rho * (m + 1) + 1 - rho)) in *. set (b := (1 - beta2) * (rho * m + 1 - rho)) in *.
  apply Rmult_le_reg_r with (m * (m + 1)); [nra|].
  replace (sqrt a / (m + 1) * (m * (m + 1))) with (sqrt a * sqrt (m²)) by (rewrite sqrt_Rsqr by lra; field; lra).
  replace (sqrt b / m * (m * (m + 1))) with (sqrt b * sqrt ((m + 1)²)) by (rewrite sqrt_Rsqr by lra; field; lra).
  rewrite <- !sqrt_mult by (try apply Rle_0_sqr; lra). apply sqrt_le_1_alt. unfold a, b. rewrite !Rmult_assoc.
  apply Rmult_le_compat_l; [lra|].
  assert (0 <= rho * (m * (m - 1))) by (apply Rmult_le_pos; [lra | apply Rmult_le_pos; lra]). unfold Rsqr. nra.
Qed.

(* The integral: u/t is the derivative of 2u + k (ln t - 2 ln(u+k)), u^2 = rho t + k^2, and decreases. *)
Lemma roots_sum rho T : 0 <= rho <= 1 -> (0 < T)%nat ->
  sum T (fun t => sqrt (rho * INR (S t) + 1 - rho) / INR (S t)) <= sum_of_roots (INR T) rho.
Proof.
  intros Hr HT. set (k := sqrt (1 - rho)). assert (Pk : 0 <= k) by apply sqrt_pos.
  assert (Ek : k * k = 1 - rho) by (apply sqrt_sqrt; lra). set (u := fun t => sqrt (rho * t + 1 - rho)).
  assert (Pu : forall t, 1 <= t -> 1 <= u t).
  { intros t Ht. unfold u. apply Rle_trans with (sqrt 1); [rewrite sqrt_1; lra|]. apply sqrt_le_1_alt, root_at_low; auto. }
  assert (Eu : forall t, 1 <= t -> u t * u t = rho * t + k * k).
  { intros t Ht. unfold u. pose proof (root_at_low rho t Hr Ht). rewrite sqrt_sqrt by lra. lra. }
  set (f := fun t => 2 * u t + k * (ln t - 2 * ln (u t + k))).
  assert (D : forall t, 1 <= t -> derivable_pt_lim f t (u t / t)).
  { intros t Ht. pose proof (Pu t Ht) as U1. pose proof (Eu t Ht) as U2. pose proof (root_at_low rho t Hr Ht) as U0.
    assert (Du : derivable_pt_lim u t (/ (2 * u t) * rho)).
    { apply (derivable_pt_lim_comp (fun t => rho * t + 1 - rho) sqrt t rho (/ (2 * u t)));
        [|apply derivable_pt_lim_sqrt; lra].
      intros e He. exists (mkposreal 1 Rlt_0_1). intros h Hh _.
      replace ((rho * (t + h) + 1 - rho - (rho * t + 1 - rho)) / h - rho) with 0 by (field; auto). rewrite Rabs_R0. auto. }
    replace (u t / t) with (2 * (/ (2 * u t) * rho) + k * (/ t - 2 * (/ (u t + k) * (/ (2 * u t) * rho + 0)))).
    - unfold f. apply derivable_pt_lim_plus; [apply derivable_pt_lim_scal; auto|].
      apply derivable_pt_lim_scal, derivable_pt_lim_minus; [apply derivable_pt_lim_ln; lra|].
      apply derivable_pt_lim_scal. apply (derivable_pt_lim_comp (fun t => u t + k) ln t (/ (2 * u t) * rho + 0) (/ (u t + k)));
        [apply derivable_pt_lim_plus; [auto | apply derivable_pt_lim_const] | apply derivable_pt_lim_ln; lra].
    - replace rho with ((u t - k) * (u t + k) / t) by (replace ((u t - k) * (u t + k)) with (rho * t) by lra; field; lra).
      field. repeat split; lra. }
  assert (Mono : forall s t, 1 <= s <= t -> u t / t <= u s / s).
  { intros s t Hst. pose proof (Pu s ltac:(lra)) as Us. pose proof (Pu t ltac:(lra)) as Ut.
    apply Rmult_le_reg_r with (t * s); [apply Rmult_lt_0_compat; lra|].
    replace (u t / t * (t * s)) with (u t * s) by (field; lra). replace (u s / s * (t * s)) with (u s * t) by (field; lra).
    apply Rsqr_incr_0_var; [|apply Rmult_le_pos; lra]. unfold Rsqr.
    replace (u t * s * (u t * s)) with (u t * u t * (s * s)) by ring.
    replace (u s * t * (u s * t)) with (u s * u s * (t * t)) by ring. rewrite !Eu by lra.
    assert (0 <= rho * (s * t * (t - s))) by (repeat apply Rmult_le_pos; lra).
    assert (0 <= k * k * ((t - s) * (t + s))) by (repeat apply Rmult_le_pos; lra). lra. }
  assert (Form : forall t, 1 <= t -> sum_of_roots t rho = f t - 1 + 2 * k * ln (1 + k)).
  { intros t Ht. unfold sum_of_roots, f. fold k. fold (u t). pose proof (Pu t Ht). rewrite ln_quot by lra. ring. }
  destruct T as [|T]; [lia|]. clear HT. induction T as [|T IH].
  - rewrite Form by (simpl; lra). unfold f. simpl.
    replace (u 1) with 1 by (unfold u; replace (rho * 1 + 1 - rho) with 1 by ring; rewrite sqrt_1; auto).
    replace (rho * 1 + 1 - rho) with 1 by ring. rewrite sqrt_1, ln_1. lra.
  - rewrite sum_S. assert (N1 : 1 <= INR (S T)) by (rewrite S_INR; pose proof (pos_INR T); lra).
    rewrite Form in * by (rewrite ?(S_INR (S T)); lra). fold (u (INR (S (S T)))).
    destruct (MVT_cor2 f (fun t => u t / t) (INR (S T)) (INR (S (S T))) ltac:(rewrite (S_INR (S T)); lra)
      ltac:(intros c Hc; apply D; lra)) as (c & E & Hc).
    replace (INR (S (S T)) - INR (S T)) with 1 in E by (rewrite (S_INR (S T)); ring).
    pose proof (Mono c (INR (S (S T))) ltac:(lra)). lra.
Qed.

(* A weighted sum of quotients along a path. *)
Lemma path_sum_weighted e f den Den h :
  (forall x y t, (forall s, (s < t)%nat -> x s = y s) -> Den x t = Den y t) ->
  (forall k h, den k h = Den (along f (k :: h)) (S (length h))) ->
  path_sum (fun k h => e (length h) * (f k h / den k h)) h
  = sum (length h) (fun t => e t * (along f h t / Den (along f h) (S t))).
Proof.
  intros Hext Hden. induction h as [|k h IH]; [reflexivity|].
  change (length (k :: h)) with (S (length h)). rewrite sum_S, along_last, <- Hden.
  cbn [path_sum]. rewrite IH. f_equal. apply sum_ext; intros t Ht. rewrite along_before by auto. do 2 f_equal.
  apply Hext; intros s Hs. rewrite along_before; [auto | lia].
Qed.

Section Rate.
Variables (n : nat) (p : nat -> R) (d : nat) (F : vec -> R) (gF : vec -> vec) (L Fstar : R).
Variables (g : nat -> vec -> vec) (G : R).
Hypothesis A : assumptions n p d F gF L Fstar g G.
Variables (eps alpha beta2 rho : R) (x0 : vec).
Hypothesis eps_pos : 0 < eps.
Hypothesis beta2_01 : 0 < beta2 < 1.
Hypothesis rho_01 : 0 <= rho <= 1.
Hypothesis G_pos : 0 < G.

Let X := mixed_point g eps alpha beta2 (fun _ => rho) x0.
Let sq := square g X.
Let Den x t := INR t * (eps + rho * v beta2 x t) + (1 - rho) * tvbar beta2 x t.

Local Lemma den_path i k h : mixed_b g eps alpha beta2 (fun _ => rho) x0 i k h
  = Den (along (sq i) (k :: h)) (S (length h)).
Proof.
  unfold mixed_b, Den. change (S (length h)) with (length (k :: h)).
  rewrite <- (v_along beta2 (sq i) (fun h => mixed_v (mixed g eps alpha beta2 (fun _ => rho) x0 h) i)) by reflexivity.
  rewrite <- (tvbar_along beta2 (sq i) (fun h => mixed_v (mixed g eps alpha beta2 (fun _ => rho) x0 h) i)
    (fun h => mixed_s (mixed g eps alpha beta2 (fun _ => rho) x0 h) i)) by reflexivity.
  reflexivity.
Qed.

Local Lemma den_ext x y t : (forall s, (s < t)%nat -> x s = y s) -> Den x t = Den y t.
Proof. intros E. unfold Den. rewrite (v_ext beta2 x y t E), (tvbar_ext beta2 x y t E). reflexivity. Qed.

Local Lemma between i h : valid n h -> (i < d)%nat -> forall t, 0 <= along (sq i) h t <= G².
Proof.
  intros Hv Hi. apply along_between with (n := n); auto; [pose proof (Rle_0_sqr G); lra|].
  intros k h' Hk _. split; [apply Rle_0_sqr | apply (gsq_le A); auto].
Qed.

Local Lemma weighted_bound i h : valid n h -> (i < d)%nat -> (0 < length h)%nat ->
  mixed_weighted_sum g eps alpha beta2 (fun _ => rho) x0 i h <= constant_K1 (INR (length h)) G eps beta2 rho.
Proof.
  intros Hv Hi HT. pose proof (between i h Hv Hi) as H. unfold mixed_weighted_sum.
  change (fun k h => sqrt (mixed_w beta2 (fun _ => rho) h) * (square g (mixed_point g eps alpha beta2 (fun _ => rho) x0)
    i k h / mixed_b g eps alpha beta2 (fun _ => rho) x0 i k h))
    with (fun k h => (fun t => sqrt (w_at beta2 rho t)) (length h)
      * (sq i k h / mixed_b g eps alpha beta2 (fun _ => rho) x0 i k h)).
  rewrite (path_sum_weighted _ (sq i) _ Den h den_ext (den_path i)). set (x := along (sq i) h) in *.
  assert (Ew : forall t, 1 <= t -> sqrt ((1 - beta2) * (rho * t + 1 - rho)) = sqrt (1 - beta2) * sqrt (rho * t + 1 - rho)).
  { intros t Ht. apply sqrt_mult_alt. lra. }
  assert (N1 : forall t, 1 <= INR (S t)) by (intros t; rewrite S_INR; pose proof (pos_INR t); lra).
  unfold constant_K1. apply Rle_trans with (2 := constant_sum x G eps beta2 rho (fun t => sqrt (w_at beta2 rho t) / INR (S t))
    (sqrt (1 - beta2)) (sqrt (1 - beta2) * sum_of_roots (INR (length h)) rho)
    (sqrt (1 - beta2) * sqrt (rho * INR (length h) + 1 - rho)) (length h)
    ltac:(apply H) ltac:(apply H) G_pos eps_pos beta2_01 rho_01
    ltac:(intros t; apply Rdiv_lt_0_compat; [apply sqrt_lt_R0, w_at_pos; auto | apply INR_S_pos])
    ltac:(intros t; apply weights_decrease; auto)
    ltac:(unfold w_at; simpl; right; replace ((1 - beta2) * (rho * 1 + 1 - rho)) with (1 - beta2) by ring; field)
    ltac:(apply Rle_trans with (sqrt (1 - beta2) * sum (length h) (fun t => sqrt (rho * INR (S t) + 1 - rho) / INR (S t)));
      [right; rewrite <- sum_scal; apply sum_ext; intros t _; unfold w_at; rewrite Ew by auto; unfold Rdiv; ring
      | apply Rmult_le_compat_l; [apply sqrt_pos | apply roots_sum; auto]])
    ltac:(intros t Ht; pose proof (INR_S_pos t); cbv beta; replace (sqrt (w_at beta2 rho t) / INR (S t) * INR (S t))
            with (sqrt (w_at beta2 rho t)) by (field; lra);
          unfold w_at; rewrite Ew by auto; apply Rmult_le_compat_l; [apply sqrt_pos|]; apply sqrt_le_1_alt;
          assert (INR (S t) <= INR (length h)) by (apply le_INR; lia);
          assert (rho * INR (S t) <= rho * INR (length h)) by (apply Rmult_le_compat_l; lra); lra) HT).
  right. apply sum_ext; intros t _. unfold Den. pose proof (INR_S_pos t). f_equal. field. lra.
Qed.

Local Lemma plain_bound i h : valid n h -> (i < d)%nat -> (0 < length h)%nat ->
  mixed_sum g eps alpha beta2 (fun _ => rho) x0 i h <= constant_K2 (INR (length h)) G eps beta2 rho.
Proof.
  intros Hv Hi HT. pose proof (between i h Hv Hi) as H. unfold mixed_sum. fold X. fold (sq i).
  change (fun k h => square g X i k h / mixed_b g eps alpha beta2 (fun _ => rho) x0 i k h)
    with (fun k h => sq i k h / mixed_b g eps alpha beta2 (fun _ => rho) x0 i k h).
  rewrite (path_sum_quotient (sq i) _ Den h den_ext (den_path i)). set (x := along (sq i) h) in *.
  unfold constant_K2. apply Rle_trans with (2 := constant_sum x G eps beta2 rho (fun t => / INR (S t)) 1
    (1 + ln (INR (length h))) 1 (length h)
    ltac:(apply H) ltac:(apply H) G_pos eps_pos beta2_01 rho_01
    ltac:(intros t; apply Rinv_0_lt_compat, INR_S_pos)
    ltac:(intros t; apply Rinv_le_contravar; [apply INR_S_pos | apply le_INR; lia])
    ltac:(simpl; lra)
    ltac:(apply harmonic_sum; auto)
    ltac:(intros t Ht; pose proof (INR_S_pos t); right; field; lra) HT).
  right. apply sum_ext; intros t _. unfold Den. pose proof (INR_S_pos t). rewrite Rinv_l, Rmult_1_l by lra. reflexivity.
Qed.

Lemma constant_rate c K T : 0 < alpha -> 0 < c -> 0 <= K -> decoupling c K -> (0 < T)%nat ->
  mean_squared_gradient n p d gF X T
  <= mixed_right c K (constant_K1 (INR T) G eps beta2 rho) (constant_K2 (INR T) G eps beta2 rho)
       (INR T) (INR d) (F x0 - Fstar) L G eps alpha.
Proof.
  intros Ha Hc HK L1 HT. apply (interpolation_rate_bounded n p d F gF L Fstar g G A); auto; try lra.
  - intros h i Hv Hl Hi. subst T. apply weighted_bound; auto.
  - intros h i Hv Hl Hi. subst T. apply plain_bound; auto.
Qed.
End Rate.

Theorem interpolation_constant_rate n p d F gF L Fstar g G eps alpha beta2 rho x0 T :
  assumptions n p d F gF L Fstar g G -> 0 < eps -> 0 < alpha -> 0 < beta2 < 1 -> 0 <= rho <= 1 -> (0 < T)%nat -> 0 < G ->
  mean_squared_gradient n p d gF (mixed_point g eps alpha beta2 (fun _ => rho) x0) T
  <= mixed_right 1 (2 / 5) (constant_K1 (INR T) G eps beta2 rho) (constant_K2 (INR T) G eps beta2 rho)
       (INR T) (INR d) (F x0 - Fstar) L G eps alpha.
Proof. intros. apply constant_rate; auto; try lra. apply decoupling_sharp. Qed.

Theorem interpolation_constant_rate_published n p d F gF L Fstar g G eps alpha beta2 rho x0 T :
  assumptions n p d F gF L Fstar g G -> 0 < eps -> 0 < alpha -> 0 < beta2 < 1 -> 0 <= rho <= 1 -> (0 < T)%nat -> 0 < G ->
  mean_squared_gradient n p d gF (mixed_point g eps alpha beta2 (fun _ => rho) x0) T
  <= mixed_right (1 / 2) 2 (constant_K1 (INR T) G eps beta2 rho) (constant_K2 (INR T) G eps beta2 rho)
       (INR T) (INR d) (F x0 - Fstar) L G eps alpha.
Proof. intros. apply constant_rate; auto; try lra. apply decoupling_published. Qed.
