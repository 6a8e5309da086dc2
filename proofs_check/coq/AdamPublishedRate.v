(* T2: Adam without momentum in the form of Defossez, Bottou, Bach and Usunier (2022), sums in the place of means,
       v_t = beta2 v_{t-1} + g_t^2,   C_t = (1-beta2^t)/(1-beta2),
       x_t = x_{t-1} - alpha sqrt(C_t) g_t/sqrt(eps + v_t):
   (1/T) sum_t E|grad F(x_{t-1})|^2 <= 2 R D0/(alpha T) + E( (1/T) ln(1 + R^2/((1-beta2) eps)) - ln beta2 ),
   E = 4 d R^2/sqrt(1-beta2) + alpha d R L/(1-beta2), R = G + sqrt(eps).
   Proof: the shared one with b_t = (eps + v_t)/C_t, at (c, K) = (1/2, 2). At (1, 2/5) it gives T2':
   (1/T) sum_t E|grad F(x_{t-1})|^2 <= (R/(alpha T)) [D0
     + d ((2/5) alpha G/sqrt(w) + alpha^2 L/(2w)) (ln(1 + G^2/(w eps)) - (T-1) ln beta2)],
   w = 1 - beta2, R = sqrt(eps + G^2). *)
From Coq Require Import Reals Lra Lia Psatz List FunctionalExtensionality.
From Mada Require Import Sums Logarithm RatioSums Expectation Setting.
From Mada Require Import Decoupling DecreasingWeights AVGradWeights Paths DecoupledRate.
Import ListNotations.
Local Open Scope R_scope.

(* C_t = 1 + beta2 + .. + beta2^(t-1) *)
Definition correction (beta2 : R) (t : nat) : R := (1 - beta2 ^ t) / (1 - beta2).

(* The point, and v_t. *)
Fixpoint adam_sum (g : nat -> vec -> vec) (eps alpha beta2 : R) (x0 : vec) (h : hist) : vec * vec :=
  match h with
  | [] => (x0, fun _ => 0)
  | k :: h =>
    let z := adam_sum g eps alpha beta2 x0 h in
    let v' := fun i => beta2 * snd z i + (g k (fst z) i)² in
    (fun i => fst z i - alpha * sqrt (correction beta2 (S (length h))) * g k (fst z) i / sqrt (eps + v' i), v')
  end.

Definition adam_sum_point g eps alpha beta2 x0 (h : hist) : vec := fst (adam_sum g eps alpha beta2 x0 h).

Definition adam_published_right (T d D0 L G eps alpha beta2 : R) : R :=
  let R0 := G + sqrt eps in
  2 * R0 * D0 / (alpha * T)
  + (4 * d * R0² / sqrt (1 - beta2) + alpha * d * R0 * L / (1 - beta2))
    * (ln (1 + R0² / ((1 - beta2) * eps)) / T - ln beta2).

(* Bound on sum g^2/(eps + v_t), L2 (b). *)
Definition adam_ratios (T G eps beta2 : R) : R := ln (1 + G² / ((1 - beta2) * eps)) - (T - 1) * ln beta2.

(* T2' *)
Definition adam_sum_right (c K T d D0 L G eps alpha beta2 : R) : R :=
  radius eps G / (c * alpha * T) * (D0 + d * (K * alpha * G / sqrt (1 - beta2) + alpha² * L / (2 * (1 - beta2)))
    * adam_ratios T G eps beta2).

Section AdamPublished.
Variables (n : nat) (p : nat -> R) (d : nat) (F : vec -> R) (gF : vec -> vec) (L Fstar : R).
Variables (g : nat -> vec -> vec) (G : R).
Hypothesis A : assumptions n p d F gF L Fstar g G.
Variables (eps alpha beta2 : R) (x0 : vec).
Hypothesis eps_pos : 0 < eps.
Hypothesis alpha_pos : 0 < alpha.
Hypothesis beta2_01 : 0 < beta2 < 1.
Variables (c K : R).
Hypothesis c_pos : 0 < c.
Hypothesis K_nonneg : 0 <= K.
Hypothesis L1 : decoupling c K.

Let X := adam_sum_point g eps alpha beta2 x0.
Let V i h := snd (adam_sum g eps alpha beta2 x0 h) i.
Let sq := square g X.
Let w := 1 - beta2.
Let C (h : hist) := correction beta2 (S (length h)).
Let a h i := (eps + beta2 * V i h) / C h.
Let W (h : hist) (i : nat) := / C h.

Lemma correction_S t : correction beta2 (S t) = beta2 * correction beta2 t + 1.
Proof. unfold correction. simpl. field. lra. Qed.

Lemma correction_low t : 1 <= correction beta2 (S t).
Proof.
  induction t as [|t IH]; [unfold correction; simpl; right; field; lra|]. rewrite correction_S. nra.
Qed.

Lemma correction_up t : correction beta2 t <= / w.
Proof.
  unfold correction, w. rewrite <- (Rmult_1_l (/ (1 - beta2))). apply Rmult_le_compat_r.
  - left. apply Rinv_0_lt_compat. lra.
  - pose proof (pow_01 beta2 t ltac:(lra)). lra.
Qed.

Local Lemma C_bounds h : 1 <= C h <= / w.
Proof. split; [apply correction_low | apply correction_up]. Qed.

Local Lemma V_path i h : V i h = discounted beta2 (along (sq i) h) (length h).
Proof.
  assert (E : forall x y t, (forall s, (s < t)%nat -> x s = y s) -> discounted beta2 x t = discounted beta2 y t).
  { intros x y t. induction t as [|t IH]; intros H; simpl; [reflexivity|]. rewrite IH, H; auto. }
  induction h as [|k h IH]; [reflexivity|].
  change (V i (k :: h)) with (beta2 * V i h + sq i k h). change (length (k :: h)) with (S (length h)). cbn [discounted].
  rewrite along_last, IH. do 2 f_equal. apply E. intros t Ht. rewrite along_before; auto.
Qed.

Local Lemma V_bounds i h : valid n h -> (i < d)%nat -> 0 <= V i h <= correction beta2 (length h) * G².
Proof.
  intros Hv Hi. induction Hv as [|k h Hk Hv IH].
  { change (V i []) with 0. replace (correction beta2 (length [])) with 0 by (unfold correction; simpl; field; lra).
    lra. }
  change (V i (k :: h)) with (beta2 * V i h + sq i k h). change (length (k :: h)) with (S (length h)).
  rewrite correction_S. pose proof (gsq_le A k (X h) i Hk Hi). pose proof (Rle_0_sqr (g k (X h) i)).
  unfold sq, square. nra.
Qed.

Local Lemma V_nonneg i h : 0 <= V i h.
Proof.
  induction h as [|k h IH]; [change (V i []) with 0; lra|]. change (V i (k :: h)) with (beta2 * V i h + sq i k h).
  pose proof (Rle_0_sqr (g k (X h) i)). unfold sq, square. nra.
Qed.

Local Lemma denominator h i k : a h i + W h i * sq i k h = (eps + V i (k :: h)) / C h.
Proof.
  change (V i (k :: h)) with (beta2 * V i h + sq i k h). unfold a, W. pose proof (C_bounds h). field. lra.
Qed.

Local Lemma moves k h : X (k :: h) = fun i => X h i + - alpha * g k (X h) i / sqrt (a h i + W h i * sq i k h).
Proof.
  apply functional_extensionality; intros i. rewrite denominator. pose proof (C_bounds h) as HC.
  change (X (k :: h) i) with (X h i - alpha * sqrt (C h) * g k (X h) i / sqrt (eps + V i (k :: h))).
  pose proof (V_nonneg i (k :: h)). rewrite sqrt_div by lra.
  pose proof (sqrt_lt_R0 (C h) ltac:(lra)). pose proof (sqrt_lt_R0 (eps + V i (k :: h)) ltac:(lra)). field. lra.
Qed.

Let Q (T : nat) := adam_ratios (INR T) G eps beta2.

Local Lemma ratios i h : valid n h -> (i < d)%nat -> (0 < length h)%nat ->
  path_sum (fun k h => sq i k h / (eps + V i (k :: h))) h <= Q (length h).
Proof.
  intros Hv Hi HT. rewrite (path_sum_quotient (sq i) _ (fun x t => eps + discounted beta2 x t)).
  - assert (P : forall t, 0 <= along (sq i) h t) by (intros; apply along_nonneg; intros; apply Rle_0_sqr).
    apply Rle_trans with (1 := discounted_ratio_sum _ _ eps beta2 HT eps_pos beta2_01 P).
    unfold Q, adam_ratios. fold w. apply Rplus_le_compat_r. rewrite <- V_path. destruct (V_bounds i h Hv Hi) as [V0 V1].
    assert (Hw : 0 < w) by (unfold w; lra). assert (0 < / eps) by (apply Rinv_0_lt_compat; auto).
    apply ln_le_mono; unfold Rdiv; [nra|]. apply Rplus_le_compat_l.
    replace (G² * / (w * eps)) with (/ w * G² * / eps) by (field; lra).
    apply Rmult_le_compat_r; [lra|]. apply Rle_trans with (1 := V1).
    apply Rmult_le_compat_r; [apply Rle_0_sqr | apply correction_up].
  - intros x y t E. f_equal. induction t as [|t IH]; simpl; [reflexivity|]. rewrite IH, E; auto.
  - intros k h'. rewrite V_path. reflexivity.
Qed.

Local Lemma term i k h : 0 <= sq i k h / (eps + V i (k :: h)) /\
  ratio g X a W i k h = C h * (sq i k h / (eps + V i (k :: h))).
Proof.
  pose proof (V_nonneg i (k :: h)). pose proof (C_bounds h). split.
  - apply Rmult_le_pos; [apply Rle_0_sqr | left; apply Rinv_0_lt_compat; lra].
  - unfold ratio. fold (sq i k h). rewrite denominator. field. lra.
Qed.

Theorem adam_sum_rate T : (0 < T)%nat -> alpha * c * (sum T (squared_gradient n p d gF X) / radius eps G)
  <= F x0 - Fstar + INR d * (K * alpha * G * (/ sqrt w * Q T) + alpha² * L / 2 * (/ w * Q T)).
Proof.
  intros HT. assert (Hw : 0 < w) by (unfold w; lra). pose proof (sqrt_lt_R0 w Hw) as Psw.
  assert (H : alpha * c * sum T (fun t => squared_gradient n p d gF X t / sqrt (eps + G²))
    <= F (X []) - Fstar + INR d * (K * alpha * G * (/ sqrt w * Q T) + alpha² * L / 2 * (/ w * Q T))).
  { apply (decoupled_rate_bounded n p d F gF L Fstar g G A c K c_pos K_nonneg L1 alpha X a W (fun _ => eps + G²)
      alpha_pos moves).
    - intros h i Hv Hi. pose proof (V_nonneg i h). pose proof (C_bounds h). unfold a. apply Rdiv_lt_0_compat; nra.
    - intros h i _ _. unfold W. apply Rinv_0_lt_compat. pose proof (C_bounds h). lra.
    - intros h i Hv Hi. destruct (V_bounds i h Hv Hi) as [V0 V1]. destruct (C_bounds h) as [C1 _].
      pose proof (Rle_0_sqr G). unfold a, W. apply Rmult_le_reg_r with (C h); [lra|].
      replace (((eps + beta2 * V i h) / C h + / C h * G²) * C h) with (eps + (beta2 * V i h + G²)) by (field; lra).
      assert (beta2 * V i h + G² <= C h * G²) by (unfold C; rewrite correction_S; nra). nra.
    - intros h i Hv Hl Hi. subst T.
      apply Rle_trans with (path_sum (fun k h => / sqrt w * (sq i k h / (eps + V i (k :: h)))) h).
      + apply (path_sum_le n); auto. intros k h' _ _. destruct (term i k h') as [P E].
        destruct (C_bounds h') as [C1 C2].
        unfold weighted_ratio. rewrite E. pose proof (sqrt_lt_R0 (C h') ltac:(lra)) as PsC.
        unfold W. rewrite <- Rmult_assoc. apply Rmult_le_compat_r; [auto|].
        replace (sqrt (/ C h') * C h') with (sqrt (C h')).
        * rewrite <- (sqrt_inv w). apply sqrt_le_1_alt. exact C2.
        * rewrite sqrt_inv. rewrite <- (sqrt_sqrt (C h')) at 3 by lra. field. lra.
      + rewrite path_sum_scal. apply Rmult_le_compat_l; [left; apply Rinv_0_lt_compat; auto | apply ratios; auto].
    - intros h i Hv Hl Hi. subst T.
      apply Rle_trans with (path_sum (fun k h => / w * (sq i k h / (eps + V i (k :: h)))) h).
      + apply (path_sum_le n); auto. intros k h' _ _. destruct (term i k h') as [P E].
        destruct (C_bounds h') as [C1 C2].
        rewrite E. apply Rmult_le_compat_r; auto.
      + rewrite path_sum_scal. apply Rmult_le_compat_l; [left; apply Rinv_0_lt_compat; auto | apply ratios; auto]. }
  apply Rle_trans with (2 := H). right. f_equal. unfold Rdiv. rewrite Rmult_comm, <- sum_scal.
  apply sum_ext; intros; unfold radius; ring.
Qed.

Theorem adam_sum_mean_rate T : (0 < T)%nat -> mean_squared_gradient n p d gF X T
  <= adam_sum_right c K (INR T) (INR d) (F x0 - Fstar) L G eps alpha beta2.
Proof.
  intros HT. pose proof (adam_sum_rate T HT) as H. assert (Hw : 0 < w) by (unfold w; lra).
  pose proof (sqrt_lt_R0 w Hw) as Psw. assert (PT : 0 < INR T) by (apply lt_0_INR; auto).
  pose proof (radius_pos eps G eps_pos) as PR. unfold mean_squared_gradient, adam_sum_right. fold w.
  apply Rmult_le_reg_l with (alpha * c / radius eps G * INR T).
  { repeat apply Rmult_lt_0_compat; try lra. apply Rinv_0_lt_compat; auto. }
  apply Rle_trans with (alpha * c * (sum T (squared_gradient n p d gF X) / radius eps G)); [right; field; lra|].
  apply Rle_trans with (1 := H). right. unfold Q. field. lra.
Qed.
End AdamPublished.

Theorem adam_rate_sharp n p d F gF L Fstar g G eps alpha beta2 x0 T :
  assumptions n p d F gF L Fstar g G -> 0 < eps -> 0 < alpha -> 0 < beta2 < 1 -> (0 < T)%nat ->
  mean_squared_gradient n p d gF (adam_sum_point g eps alpha beta2 x0) T
  <= adam_sum_right 1 (2 / 5) (INR T) (INR d) (F x0 - Fstar) L G eps alpha beta2.
Proof. intros. eapply adam_sum_mean_rate; eauto; try lra. apply decoupling_sharp. Qed.

Theorem adam_published_rate n p d F gF L Fstar g G eps alpha beta2 x0 T :
  assumptions n p d F gF L Fstar g G -> 0 < eps -> 0 < alpha -> 0 < beta2 < 1 -> (0 < T)%nat -> (0 < d)%nat ->
  mean_squared_gradient n p d gF (adam_sum_point g eps alpha beta2 x0) T
  <= adam_published_right (INR T) (INR d) (F x0 - Fstar) L G eps alpha beta2.
Proof.
  intros A He Ha Hb HT Hd.
  pose proof (adam_sum_rate n p d F gF L Fstar g G A eps alpha beta2 x0 He Ha Hb (1 / 2) 2 ltac:(lra) ltac:(lra)
    decoupling_published T HT) as H. unfold adam_ratios in H.
  unfold mean_squared_gradient, adam_published_right. set (R0 := G + sqrt eps). set (R1 := radius eps G) in *.
  set (w := 1 - beta2) in *. assert (Hw : 0 < w) by (unfold w; lra). pose proof (sqrt_lt_R0 w Hw) as Psw.
  set (N := sum T (squared_gradient n p d gF (adam_sum_point g eps alpha beta2 x0))) in *.
  assert (PT : 0 < INR T) by (apply lt_0_INR; auto). assert (T1 : 1 <= INR T) by (apply (le_INR 1); lia).
  pose proof (G_nonneg A Hd) as HG. pose proof (L_nonneg_of A) as HL. pose proof (F_low A x0) as HF.
  pose proof (sqrt_lt_R0 _ He) as Hs. assert (Es : sqrt eps * sqrt eps = eps) by (apply sqrt_sqrt; lra).
  pose proof (pos_INR d) as HD.
  assert (P1 : 0 < R1) by (apply radius_pos; auto). assert (E1 : R1 * R1 = eps + G²) by (apply radius_sq; auto).
  assert (H1 : R1 <= R0) by (unfold Rsqr in *; apply Rnot_lt_le; intros X; unfold R0 in *; nra).
  assert (H2 : G <= R0) by (unfold R0; lra). assert (HGR : G² <= R0²) by (unfold Rsqr; nra).
  assert (Hlb : ln beta2 <= 0) by (rewrite <- ln_1; apply ln_le_mono; lra).
  assert (Hwe : 0 < / (w * eps)) by (apply Rinv_0_lt_compat, Rmult_lt_0_compat; lra).
  pose proof (Rmult_le_pos _ _ (Rle_0_sqr G) (Rlt_le _ _ Hwe)) as HG2.
  assert (Hln : ln (1 + G² / (w * eps)) <= ln (1 + R0² / (w * eps))).
  { apply ln_le_mono; unfold Rdiv; [lra|]. apply Rplus_le_compat_l, Rmult_le_compat_r; lra. }
  assert (Hl0 : 0 <= ln (1 + G² / (w * eps))) by (apply ln_nonneg; unfold Rdiv; lra).
  assert (HTb : 0 <= (INR T - 1) * - ln beta2) by (apply Rmult_le_pos; lra).
  set (Q1 := ln (1 + G² / (w * eps)) - (INR T - 1) * ln beta2) in *.
  set (Q0 := ln (1 + R0² / (w * eps)) - INR T * ln beta2).
  assert (HQ : 0 <= Q1 <= Q0) by (unfold Q1, Q0; split; lra).
  assert (Hiw : 0 < / w) by (apply Rinv_0_lt_compat; auto).
  assert (Hisw : 0 < / sqrt w) by (apply Rinv_0_lt_compat; auto).
  assert (Hia : 0 < / alpha) by (apply Rinv_0_lt_compat; auto).
  apply Rmult_le_reg_l with (INR T); [auto|]. replace (INR T * (/ INR T * N)) with N by (field; lra).
  apply Rle_trans with (2 * / alpha * (R1 * (F x0 - Fstar))
    + INR d * (4 * / sqrt w * (R1 * G * Q1) + alpha * L * / w * (R1 * Q1))).
  - apply Rmult_le_reg_l with (alpha * (1 / 2) / R1); [apply Rdiv_lt_0_compat; lra|].
    apply Rle_trans with (alpha * (1 / 2) * (N / R1)); [right; field; lra|].
    apply Rle_trans with (1 := H). right. unfold Rsqr. field. lra.
  - replace (INR T * (2 * R0 * (F x0 - Fstar) / (alpha * INR T)
        + (4 * INR d * R0² / sqrt w + alpha * INR d * R0 * L / w) * (ln (1 + R0² / (w * eps)) / INR T - ln beta2)))
      with (2 * / alpha * (R0 * (F x0 - Fstar)) + INR d * (4 * / sqrt w * (R0 * R0 * Q0) + alpha * L * / w * (R0 * Q0)))
      by (unfold Q0, Rsqr; field; lra).
    apply Rplus_le_compat.
    + apply Rmult_le_compat_l; [lra|]. apply Rmult_le_compat_r; lra.
    + apply Rmult_le_compat_l; [auto|]. apply Rplus_le_compat.
      * apply Rmult_le_compat_l; [lra|]. apply Rmult_le_compat; [apply Rmult_le_pos; lra | lra | apply Rmult_le_compat; lra | lra].
      * apply Rmult_le_compat_l; [apply Rmult_le_pos; [apply Rmult_le_pos; lra | lra]|]. apply Rmult_le_compat; lra.
Qed.
